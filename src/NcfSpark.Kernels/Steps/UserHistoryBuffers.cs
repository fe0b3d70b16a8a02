namespace NcfSpark.Kernels;

/// <summary>
/// Intermediate values of a batch: vectors of its G groups (<see cref="EncoderRows"/>) and numbers of its samples.
/// </summary>
internal sealed unsafe class UserHistoryBuffers : IDisposable
{
    private readonly AlignedArray<float> rows;
    private readonly AlignedArray<float> numbers;
    private readonly AlignedArray<int> groupNumbers;
    private readonly AlignedArray<float>? sampledLogits; // for each chunk: logits, transposed users
    private readonly AlignedArray<long> lookups;
    private readonly long sampledLogitsSize;
    private readonly int logitsSize;

    /// <param name="groups">G, a multiple of the groups of a chunk.</param>
    /// <param name="groupSize">Samples of a group.</param>
    /// <param name="sampledSoftmax">Whether the loss is the softmax, which scores each group against all samples of the
    /// batch.</param>
    public UserHistoryBuffers(UserHistoryMemory memory, int groups, int groupSize, bool sampledSoftmax)
    {
        UserHistoryEncoder encoder = memory.Encoder;
        rows = new((long)groups * (2 * encoder.Width + 2 * encoder.Inputs + 2 * encoder.Hidden));
        Users = rows.Start;
        UserGradients = Users + (long)groups * memory.Width;
        Inputs = UserGradients + (long)groups * memory.Width;
        InputGradients = Inputs + (long)groups * encoder.Inputs;
        Hidden = InputGradients + (long)groups * encoder.Inputs;
        HiddenGradients = Hidden + (long)groups * encoder.Hidden;
        int samples = groups * groupSize;
        numbers = new(3L * samples);
        Logits = numbers.Start;
        LogitGradients = Logits + samples;
        Losses = LogitGradients + samples;
        groupNumbers = new(groups);
        for (int g = 0; g < groups; g++) groupNumbers.Start[g] = g;
        lookups = new(groups / UserHistoryWork.ChunkGroups);
        if (!sampledSoftmax) return;
        // The number of samples is a multiple of 8.
        logitsSize = samples * UserHistoryWork.ChunkGroups;
        sampledLogitsSize = (long)logitsSize + memory.Width * UserHistoryWork.ChunkGroups;
        sampledLogits = new(groups / UserHistoryWork.ChunkGroups * sampledLogitsSize);
    }

    public float* Users { get; }

    public float* UserGradients { get; }

    public float* Inputs { get; }

    public float* InputGradients { get; }

    public float* Hidden { get; }

    public float* HiddenGradients { get; }

    /// <summary>0, 1, 2, …</summary>
    public int* GroupNumbers => groupNumbers.Start;

    /// <summary>The logit of each sample.</summary>
    public float* Logits { get; }

    public float* LogitGradients { get; }

    public float* Losses { get; }

    /// <summary>A chunk's logits against all samples of the batch [samples, 32], then their gradients.</summary>
    public float* SampledLogits(int chunk) => sampledLogits!.Start + chunk * sampledLogitsSize;

    /// <summary>A chunk's u transposed [width, 32].</summary>
    public float* UsersTransposed(int chunk) => SampledLogits(chunk) + logitsSize;

    /// <summary>
    /// For each chunk the number of visits and lookups, over all batches, that leaving out seen items took.
    /// </summary>
    public Span<long> Lookups => lookups.Span;

    public void Dispose()
    {
        lookups.Dispose();
        sampledLogits?.Dispose();
        rows.Dispose();
        numbers.Dispose();
        groupNumbers.Dispose();
    }
}
