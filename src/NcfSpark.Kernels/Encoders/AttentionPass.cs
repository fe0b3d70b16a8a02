namespace NcfSpark.Kernels;

/// <summary>
/// A pass: some users' items, one user after the other, taken through the encoder (and back) together, so that matrices
/// have many rows. Each user's tokens start at a multiple of 8 rows; the rows between are padding: they start as 0,
/// stay 0, and have no gradient.
/// </summary>
internal unsafe struct AttentionPass
{
    /// <summary>A row for every token, padded users added up; a multiple of 8.</summary>
    public int Rows;

    /// <summary>The users.</summary>
    public AttentionSequence* Sequences;
    public int Count;

    /// <summary>Number of the pass's first row among those of the batch, which numbers hashes of dropout.</summary>
    public uint FirstRow;

    /// <summary>The key of the batch for <see cref="DropoutHash"/>.</summary>
    public ulong DropoutKey;

    /// <summary>0 where nothing is trained.</summary>
    public double Dropout;

    /// <summary>Rows of all items, E of each.</summary>
    public float* ItemRows;
    public int ItemStride;
}

/// <summary>A user's tokens in a pass.</summary>
internal unsafe struct AttentionSequence
{
    /// <summary>The row of the first token, a multiple of 8.</summary>
    public int Row;

    /// <summary>Number of tokens, at least 1.</summary>
    public int Count;

    /// <summary>Items, oldest first, and their times in seconds, ascending.</summary>
    public int* Items;
    public long* Times;

    /// <summary>For each item the moment that is asked about after it, no earlier; null where none is told.</summary>
    public long* Moments;

    /// <summary>The user's number in the batch.</summary>
    public int Slot;

    public readonly int PaddedCount => (Count + 7) & ~7;
}

/// <summary>
/// The values of a pass that one thread computes with. Those of a block are kept until its backward pass.
/// E = Size, F = Hidden; arrays have a row for each of the pass.
/// </summary>
internal sealed unsafe class AttentionBuffers : IDisposable
{
    /// <summary>Rows of logits that are computed at once.</summary>
    public const int RowsAtOnce = 16;

    private const int LeastRows = 256; // enough for the matrix products to be as fast as they get

    private readonly AlignedArray<float> values;
    private readonly AlignedArray<int> runs;
    private readonly AlignedArray<nint>? positives;
    private readonly AlignedArray<int>? excluded;
    private readonly long ofBlock;
    private readonly float* blocks;

    /// <param name="softmaxStride">Floats of a row of logits of the softmax; 0 where nothing is trained.</param>
    public AttentionBuffers(AttentionShape shape, bool training, int softmaxStride = 0)
    {
        (Shape, Rows) = (shape, RowsOf(shape));
        int e = shape.Size, f = shape.Hidden;
        LogitStride = Padding.Padded(shape.Length) + Padding.Lanes; // no power of two
        ofBlock = (long)Rows * (12 * e + 3 * f) + 2 * Padding.Padded(Rows) + (long)shape.Heads * Rows * LogitStride;
        int keptBlocks = training ? shape.Blocks : 1;
        int columns = Math.Max(Math.Max(4 * e, 2 * f + e), LogitStride);
        long scratch = (long)Rows * (4 * e + (2 * f + e) + f + 4 * e) + Padding.Padded(Rows) // gradients, final
            + 2L * (e / shape.Heads) * LogitStride + (long)Rows * LogitStride + 3L * columns + 64;
        values = new(keptBlocks * ofBlock + scratch + (long)shape.Blocks * shape.Heads * (LogitStride + 4 * Padding.Lanes)
            + (training ? (long)Rows * e + Padding.Padded(Rows) + (long)SoftmaxTile.RowsAtOnce * softmaxStride : 0));
        blocks = values.Start;
        float* next = blocks + keptBlocks * ofBlock;
        Last = Take((long)Rows * e);
        Final = Take((long)Rows * e);
        InverseFinal = Take(Padding.Padded(Rows));
        Gradient = Take((long)Rows * e);
        RowGradient = Take((long)Rows * e);
        HiddenGradient = Take((long)Rows * (2 * f + e));
        UnitGradient = Take((long)Rows * f);
        InputGradient = Take((long)Rows * 4 * e);
        Transposed = Take(2L * (e / shape.Heads) * LogitStride);
        LogitGradient = Take((long)Rows * LogitStride);
        Zeros = Take(columns);
        TimeBias = Take(columns + Padding.Lanes);
        PositionGradient = Take((long)shape.Blocks * shape.Heads * (LogitStride + 4 * Padding.Lanes));
        if (training)
        {
            FinalGradient = Take((long)Rows * e);
            positives = new(Rows);
            excluded = new(2L * Rows);
            Softmax = new SoftmaxRows
            {
                PositiveGradients = Take(Padding.Padded(Rows)), Logits = Take((long)SoftmaxTile.RowsAtOnce * softmaxStride),
                Positives = (float**)positives.Start, ExcludedStarts = excluded.Start, ExcludedEnds = excluded.Start + Rows,
            };
        }

        runs = new(Rows + 1 + (long)Rows * Math.Min(TimeBuckets.Count, shape.Length));
        KeepsBlocks = training;

        float* Take(long count)
        {
            float* at = next;
            next += count;
            return at;
        }
    }

    public AttentionShape Shape { get; }

    /// <summary>What the softmax needs of each row; only where something is trained.</summary>
    public SoftmaxRows Softmax;

    /// <summary>Most rows of a pass.</summary>
    public int Rows { get; }

    public bool KeepsBlocks { get; }

    /// <summary>From one row of logits to the next.</summary>
    public int LogitStride { get; }

    /// <summary>x after all blocks, where they are kept.</summary>
    public float* Last { get; }

    /// <summary>v, and 1 / rms of what it is made from.</summary>
    public float* Final { get; }

    public float* InverseFinal { get; }

    /// <summary>Of the loss towards v; only where something is trained.</summary>
    public float* FinalGradient { get; }

    /// <summary>Of the loss towards x.</summary>
    public float* Gradient { get; }

    /// <summary>Of what a layer adds, of o, of n and of m, one after another.</summary>
    public float* RowGradient { get; }

    public float* HiddenGradient { get; }

    public float* UnitGradient { get; }

    public float* InputGradient { get; }

    /// <summary>Keys (or values) of a head [D, tokens], twice.</summary>
    public float* Transposed { get; }

    public float* LogitGradient { get; }

    public float* Zeros { get; }

    public float* TimeBias { get; }

    /// <summary>Gradients of position biases in the order of <see cref="AttentionWeights.Reversed"/>.</summary>
    public float* PositionGradient { get; }

    /// <summary>For each row where its runs of equal time buckets start; the runs stand behind: bucket · 65536 + first token.</summary>
    public int* Runs => runs.Start;

    public static int RowsOf(AttentionShape shape) => Math.Max(LeastRows, (shape.Length + 7) & ~7);

    public AttentionBlock Block(int block)
    {
        int e = Shape.Size, f = Shape.Hidden;
        float* next = blocks + (KeepsBlocks ? block : 0) * ofBlock;
        return new AttentionBlock
        {
            X = Take(e), Normed = Take(e), Input = Take(4 * e), Attended = Take(e), Added = Take(e), Middle = Take(e), MiddleNormed = Take(e),
            Hidden = Take(2 * f + e), Units = Take(f), FinalAdded = Take(e), Inverse = TakeRow(), MiddleInverse = TakeRow(), Shares = next,
        };

        float* Take(int width)
        {
            float* at = next;
            next += (long)Rows * width;
            return at;
        }

        float* TakeRow()
        {
            float* at = next;
            next += Padding.Padded(Rows);
            return at;
        }
    }

    /// <summary>Where a block's output goes: to the next block's input, or in place of its own where nothing is kept.</summary>
    public float* Output(int block) => !KeepsBlocks ? Block(0).X : block + 1 < Shape.Blocks ? Block(block + 1).X : Last;

    public void Dispose()
    {
        values.Dispose();
        runs.Dispose();
        positives?.Dispose();
        excluded?.Dispose();
    }
}

/// <summary>What a block computed, as named in <see cref="AttentionShape"/>.</summary>
internal unsafe struct AttentionBlock
{
    /// <summary>x before the block, and n with 1 / rms(x).</summary>
    public float* X, Normed, Inverse;

    /// <summary>[a_q / sqrt(D); a_k; a_v; sigmoid(z)]</summary>
    public float* Input;

    /// <summary>Softmax of the logits: of each user a head after the other, each a square of <see cref="AttentionBuffers.LogitStride"/> a row.</summary>
    public float* Shares;

    /// <summary>o, then drop(W_out o).</summary>
    public float* Attended, Added;

    /// <summary>x between the two halves, and m with 1 / rms.</summary>
    public float* Middle, MiddleNormed, MiddleInverse;

    /// <summary>[u; w; sigmoid(y)]</summary>
    public float* Hidden;

    /// <summary>silu(u) ∘ w, then drop(W_final of it).</summary>
    public float* Units, FinalAdded;
}
