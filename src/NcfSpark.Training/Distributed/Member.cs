using System.Collections;

namespace NcfSpark.Training.Distributed;

/// <summary>A worker, as the server knows it.</summary>
internal sealed class Member
{
    private readonly HashSet<Guid> replaced = [];

    /// <summary>The attempt that counts, from 1.</summary>
    public int Attempt { get; set; } = 1;

    /// <summary>The process or thread that is that attempt; null until it comes.</summary>
    public Guid? Instance { get; private set; }

    /// <summary>Names it in what it says since all began together; null before.</summary>
    public string? Session { get; set; }

    /// <summary>Whether it is heard of on its own account, so that silence means it is lost.</summary>
    public bool Beats { get; set; }

    public long LastHeard { get; set; }

    /// <summary>Its samples of an epoch.</summary>
    public long Samples { get; set; }

    /// <summary>Samples of the epoch that it says it has done.</summary>
    public long Done { get; set; }

    /// <summary>The loss of these.</summary>
    public double LossSum { get; set; }

    /// <summary>The items in its users' histories.</summary>
    public BitArray? Used { get; set; }

    /// <summary>Of its rows.</summary>
    public SampleTotals Totals { get; set; } = SampleTotals.None;

    /// <summary>Files of what is being saved that are there.</summary>
    public HashSet<(SaveKind Kind, int Part)> Files { get; } = [];

    /// <summary>Whether an instance was replaced by a later one.</summary>
    public bool WasReplaced(Guid instance) => replaced.Contains(instance);

    /// <summary>Takes an instance for the attempt that counts. An earlier one never counts again.</summary>
    public void Take(Guid instance)
    {
        if (Instance is { } earlier && earlier != instance) replaced.Add(earlier);
        Instance = instance;
    }

    /// <summary>Lets go of the attempt: the next one counts.</summary>
    public void Next()
    {
        if (Instance is { } earlier) replaced.Add(earlier);
        (Instance, Session) = (null, null);
        Attempt++;
    }
}
