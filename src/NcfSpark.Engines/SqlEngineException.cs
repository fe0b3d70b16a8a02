namespace NcfSpark.Engines;

/// <summary>An engine refused a statement, or failed in it. The message is the engine's own, without the statement.</summary>
public sealed class SqlEngineException(string message, Exception cause) : Exception(message, cause)
{
    /// <summary>Whether there was no room left to write.</summary>
    public bool DiskFull { get; init; }
}
