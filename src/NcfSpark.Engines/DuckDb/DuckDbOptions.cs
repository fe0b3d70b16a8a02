namespace NcfSpark.Engines.DuckDb;

/// <summary>What DuckDB may take of the machine.</summary>
public sealed record DuckDbOptions
{
    /// <summary>Threads; 0 for all cores.</summary>
    public int Threads { get; init; }

    /// <summary>Memory before it spills to disk, such as "6GB"; "" for 80 % of the machine.</summary>
    public string MemoryLimit { get; init; } = "";

    /// <summary>A directory for what does not fit memory. It is made when it is needed and deleted at the end. "" for one in the system's place for such.</summary>
    public string SpillDirectory { get; init; } = "";
}
