using System.Collections;

namespace NcfSpark.Training.Distributed;

/// <summary>A worker's entry in the server's <see cref="WorkerRegistry"/>.</summary>
internal sealed class WorkerState
{
    private readonly HashSet<Guid> replaced = [];

    /// <summary>The valid attempt, from 1.</summary>
    public int Attempt { get; set; } = 1;

    /// <summary>The id of the process or thread that is this attempt; null until it has called.</summary>
    public Guid? Instance { get; private set; }

    /// <summary>The id of its session; null before all have joined.</summary>
    public string? Session { get; set; }

    /// <summary>Whether it sends heartbeats, so that silence means it is lost.</summary>
    public bool Beats { get; set; }

    public long LastHeard { get; set; }

    /// <summary>Its samples of an epoch.</summary>
    public long Samples { get; set; }

    /// <summary>Samples of the epoch that are done, as it last reported.</summary>
    public long Done { get; set; }

    /// <summary>The loss of these.</summary>
    public double LossSum { get; set; }

    /// <summary>The items in its users' histories, for models with one.</summary>
    public BitArray? Used { get; set; }

    /// <summary>Totals of its rows.</summary>
    public SampleTotals Totals { get; set; } = SampleTotals.None;

    /// <summary>The files of the checkpoint or model being saved that are complete.</summary>
    public HashSet<(SaveKind Kind, int Part)> Files { get; } = [];

    /// <summary>Whether an instance was replaced by a later one.</summary>
    public bool WasReplaced(Guid instance) => replaced.Contains(instance);

    /// <summary>Makes an instance the valid one. An earlier one is never valid again.</summary>
    public void Take(Guid instance)
    {
        if (Instance is { } earlier && earlier != instance) replaced.Add(earlier);
        Instance = instance;
    }

    /// <summary>Gives the attempt up: the next one is valid.</summary>
    public void Next()
    {
        if (Instance is { } earlier) replaced.Add(earlier);
        (Instance, Session) = (null, null);
        Attempt++;
    }
}
