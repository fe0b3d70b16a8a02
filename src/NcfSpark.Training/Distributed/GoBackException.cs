namespace NcfSpark.Training.Distributed;

/// <summary>A worker was lost: all go back to the last checkpoint, so what was under way is void.</summary>
internal sealed class GoBackException(string message) : Exception(message);
