namespace NcfSpark.Training.Distributed;

/// <summary>Where workers run. Disposing it ends them all.</summary>
public interface IWorkerPlace : IDisposable
{
    /// <summary>For people, such as "2 processes".</summary>
    string Description { get; }

    /// <summary>Starts a worker, and lets go of its earlier attempt where one still lives. Returns at once.</summary>
    /// <param name="credentials">What it needs to know.</param>
    /// <param name="lost">Told once if the worker ends and should not have, and why.</param>
    void Start(WorkerCredentials credentials, Action<string> lost);
}
