namespace NcfSpark.Training;

/// <summary>Samples of one update: users, items and labels (1 seen, 0 sampled), of which the first <see cref="Count"/> are filled.</summary>
internal sealed class Batch(int capacity)
{
    public int Count { get; set; }

    public int[] Users { get; } = new int[capacity];

    public int[] Items { get; } = new int[capacity];

    public float[] Labels { get; } = new float[capacity];

    /// <summary>What each sample's loss and L2 are multiplied by.</summary>
    public float[] Weights { get; } = Ones(capacity);

    /// <summary>Whether any of these samples has another weight than 1.</summary>
    public bool IsWeighted(int start, int count) => Weights.AsSpan(start, count).ContainsAnyExcept(1f);

    /// <summary>Where what came before each sample ends in <see cref="PastItems.Items"/>; filled for models with a history.</summary>
    public int[] PastEnds { get; } = new int[capacity];

    /// <summary>Counted from 0.</summary>
    public int Epoch { get; set; }

    /// <summary>The place in the epoch of the batch's first sample, from 0.</summary>
    public long Start { get; set; }

    /// <summary>Fills it with the samples that stand at Start … Start + Count - 1 of its epoch.</summary>
    public void FillFrom(ISampleSource samples)
    {
        IEpochSamples epoch = samples.InEpoch(Epoch);
        epoch.Fill(Start, Users.AsSpan(0, Count), Items.AsSpan(0, Count), Labels.AsSpan(0, Count), Weights.AsSpan(0, Count));
        if (samples.Past is not null) epoch.FillPastEnds(Start, PastEnds.AsSpan(0, Count));
    }

    private static float[] Ones(int count)
    {
        float[] values = new float[count];
        Array.Fill(values, 1);
        return values;
    }
}
