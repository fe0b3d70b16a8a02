namespace NcfSpark.Engines;

/// <summary>An engine refused a statement, or failed in it. The message is the engine's own, without the statement.</summary>
public sealed class SqlEngineException(string message, Exception cause) : Exception(message, cause)
{
    /// <summary>Whether there was no room left to write.</summary>
    public bool DiskFull { get; init; }

    /// <summary>Whether what was read or written is surely at fault: no such path or table, a damaged file, no permission. Engines in the process do not tell.</summary>
    public bool InputAtFault { get; init; }

    /// <summary>What to do, where the engine knows better than whoever asked it.</summary>
    public string? Cure { get; init; }

    /// <summary>Whether the engine is gone, with all its tables; nothing is known of the statement's fate.</summary>
    public bool EngineLost { get; init; }
}
