using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Training;

/// <summary>
/// Dropout as numbers that are a function of (seed, epoch, batch, sample, layer, lane) alone, so that neither threads nor a restart change them:
/// those of <see cref="DropoutHash"/>, so that every kind of step drops the same lanes.
/// </summary>
internal sealed class DropoutMasks(NetworkShape shape)
{
    private readonly int[] hashStarts = shape.HashStarts();

    /// <summary>The keys of an epoch's batches: Bits(the place in the epoch where the batch starts).</summary>
    public static RandomStream Keys(long seed, int epoch) => RandomStream.Named(seed, "dropout", epoch);

    /// <summary>The same for the MLP over the user's side, whose masks are those of groups: they share it.</summary>
    public static RandomStream UserKeys(long seed, int epoch) => RandomStream.Named(seed, "user dropout", epoch);

    /// <summary>The masks of the user's MLP for the groups of neighbouring samples, a row for each sample; null without dropout.</summary>
    /// <param name="firstSample">The first row's place in the batch.</param>
    /// <param name="groupSize">Samples of a group.</param>
    public static float[]? OfUsers(ulong key, int firstSample, int count, int groupSize, int width, double rate)
    {
        if (rate == 0) return null;
        uint dropped = DropoutHash.Dropped(rate);
        float kept = DropoutHash.KeptScale(rate);
        int perGroup = DropoutHash.HashCount(Padding.Padded(width));
        float[] mask = new float[count * width];
        for (int row = 0; row < count; row++)
        {
            uint counter = (uint)((firstSample + row) / groupSize * perGroup);
            for (int column = 0; column < width; column++) mask[row * width + column] = DropoutHash.IsKept(key, counter, column, dropped) ? kept : 0;
        }

        return mask;
    }

    /// <summary>The mask of a layer, of 0 (dropped) and 1 / (1 - rate) (kept), row after row; null where it has no dropout.</summary>
    /// <param name="firstSample">The first row's place in the batch.</param>
    /// <param name="layer">0 for the MLP's input, then the layers.</param>
    public float[]? Of(ulong key, int firstSample, int count, int layer)
    {
        double rate = layer < shape.Dropout.Count ? shape.Dropout[layer] : 0;
        if (rate == 0) return null;
        uint dropped = DropoutHash.Dropped(rate);
        float kept = DropoutHash.KeptScale(rate);
        int width = layer == 0 ? 2 * shape.MlpSize : shape.Layers[layer - 1], perSample = hashStarts[^1];
        float[] mask = new float[count * width];
        for (int row = 0; row < count; row++)
        {
            uint counter = (uint)(firstSample + row) * (uint)perSample + (uint)hashStarts[layer];
            for (int column = 0; column < width; column++)
            {
                mask[row * width + column] = DropoutHash.IsKept(key, counter, LaneOf(layer, column), dropped) ? kept : 0;
            }
        }

        return mask;
    }

    // The input is two embeddings, each padded.
    private int LaneOf(int layer, int column) => layer == 0 && column >= shape.MlpSize ? Padding.Padded(shape.MlpSize) + column - shape.MlpSize : column;
}
