using NcfSpark.Kernels;
using NcfSpark.Model;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace NcfSpark.Training;

/// <summary>
/// The loss of <see cref="SampledSoftmaxOptions"/> as autograd sees it: G groups of a positive and its negatives
/// against the B samples of their batch.
/// </summary>
internal sealed class SoftmaxBatch(SampledSoftmaxOptions of)
{
    private const float LeftOut = -1e30f;

    /// <summary>The sum of the positives' losses, and of the logistic losses that only the biases of users and head follow.</summary>
    public Tensor Loss(NeuMFModule module, EmbeddingRows rows, Batch batch, int groupSize, PastItems past)
    {
        int count = batch.Count, groups = count / groupSize;
        Tensor logits_GB = module.SampledLogits(rows, groupSize), weights_B = tensor(batch.Weights.AsSpan(0, count).ToArray());
        long[] ownSamples = [.. Enumerable.Range(0, count).Select(sample => (long)sample)];
        Tensor own_GS = logits_GB.gather(1, tensor(ownSamples).reshape(groups, groupSize)); // each group's own samples
        Tensor positive_G1 = own_GS.narrow(1, 0, 1);
        Tensor all = cat([positive_G1, logits_GB.Plus(tensor(Shifts(batch, groupSize, past)).reshape(groups, count))], dim: 1);
        Tensor loss = (all.logsumexp(1).Plus(positive_G1.squeeze(1) * tensor(-1f)) * weights_B.reshape(groups, groupSize).select(1, 0)).sum();
        Tensor logits_B = own_GS.detach().reshape(count).Plus(module.SharedBias(rows));
        return loss.Plus(functional.binary_cross_entropy_with_logits(logits_B, tensor(batch.Labels.AsSpan(0, count).ToArray()), weights_B, Reduction.Sum));
    }

    // What is added to each logit: the negatives' shift, or so little that it counts nothing.
    private float[] Shifts(Batch batch, int groupSize, PastItems past)
    {
        int count = batch.Count, groups = count / groupSize;
        float shift = of.Negatives > 0 ? MathF.Log((float)of.Negatives / (groups * (groupSize - 1))) : 0;
        float[] shifts = new float[groups * count];
        for (int g = 0; g < groups; g++)
        {
            int first = g * groupSize;
            for (int s = 0; s < count; s++)
            {
                bool leftOut = of.ExceptTouched ? past.Holds(batch.Users[first], batch.Items[s]) : batch.Items[s] == batch.Items[first];
                shifts[g * count + s] = batch.Labels[s] == 0 && !leftOut ? shift : LeftOut;
            }
        }

        return shifts;
    }
}
