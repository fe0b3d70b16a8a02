namespace NcfSpark.Jobs;

/// <summary>What stands on the command line after a verb.</summary>
/// <param name="Config">--config: the configuration file; null where it is missing.</param>
/// <param name="Run">--run: the run directory, or null for runs/NAME.</param>
/// <param name="Set">Each --set, in order.</param>
internal sealed record JobArguments(string? Config, string? Run, string[] Set)
{
    /// <summary>--engine, --master, --remote and what goes to spark-submit.</summary>
    public EngineArguments Engine { get; init; } = EngineArguments.None;
}
