using NcfSpark.Core;

namespace NcfSpark.Configuration;

/// <summary>All that a verb is handed. The run directory is locked for it while it runs.</summary>
/// <param name="Configuration">Every setting, resolved and checked.</param>
/// <param name="RunDirectory">Where the stages' directories stand.</param>
/// <param name="Progress">How far it is; goes to standard error.</param>
/// <param name="Output">Standard output, for results: a summary line a stage.</param>
/// <param name="Cancellation">Cancelled by Ctrl-C and SIGTERM.</param>
public sealed record JobContext(
    NcfSparkConfiguration Configuration,
    string RunDirectory,
    IProgressReporter Progress,
    TextWriter Output,
    TimeProvider Time,
    CancellationToken Cancellation)
{
    /// <summary>The file that the configuration was read from; null where it was not.</summary>
    public string? ConfigurationFile { get; init; }

    /// <summary>
    /// Refuses a directory that nobody may write to: that of a night that was ever in production. <c>StagePipeline</c>
    /// asks before it makes a stage.
    /// </summary>
    public Action<string> CheckMayWrite { get; init; } = _ => { };

    /// <summary>What runs the SQL.</summary>
    public EngineSource Engine { get; init; } = new(EngineSource.DuckDb);
}
