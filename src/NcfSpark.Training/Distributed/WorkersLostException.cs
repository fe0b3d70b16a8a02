namespace NcfSpark.Training.Distributed;

/// <summary>Training ended since workers did not come, or were lost too often. The same command goes on from the last checkpoint.</summary>
public sealed class WorkersLostException(string message, Exception? cause = null) : Exception(message, cause);
