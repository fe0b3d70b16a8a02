namespace NcfSpark.Training.Distributed;

/// <summary>The server refused what a worker asked or gave; it changed nothing. The message says why.</summary>
public sealed class RefusedException(string message) : Exception(message);
