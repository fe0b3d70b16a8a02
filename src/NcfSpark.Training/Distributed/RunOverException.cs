namespace NcfSpark.Training.Distributed;

/// <summary>For a worker: the run is over, or goes on without this attempt. It ends itself.</summary>
internal sealed class RunOverException(string message) : Exception(message);
