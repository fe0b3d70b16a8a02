using NcfSpark.Configuration;
using NcfSpark.Jobs.Verbs;

namespace NcfSpark.Jobs;

/// <summary>A verb of the command line.</summary>
/// <param name="Summary">What it does, in one line.</param>
/// <param name="Description">What it does, in the verb's own help.</param>
/// <param name="Writes">What it writes, relative to the run directory.</param>
/// <param name="Sections">The sections of the configuration that it uses.</param>
internal sealed record Verb(string Name, string Summary, string Description, string Reads, string Writes, string[] Sections, Func<JobContext, ExitCode> Run)
{
    /// <summary>The settings that people change most, for its help.</summary>
    public string[] Often { get; init; } = [];

    /// <summary>Command lines, without ./submit.sh and the verb.</summary>
    public string[] Examples { get; init; } = [];

    /// <summary>Whether it changes nothing, so that it need not hold the run directory.</summary>
    public bool OnlyLooks { get; init; }

    /// <summary>Whether it runs SQL on an engine, which --engine, --master and --remote choose.</summary>
    public bool RunsSql { get; init; }

    /// <summary>Whether a night may stand behind it, which is Nightly:Night.</summary>
    public bool TakesNight { get; init; }

    /// <summary>Whether --input may name a log instead of a configuration.</summary>
    public bool TakesLog { get; init; }

    /// <summary>Whether it may run without --config: with what the run directory keeps or else the defaults, the environment and --set.</summary>
    public bool NeedsNoConfiguration { get; init; }

    /// <summary>Whether --port may stand behind it, which is Serve:Port.</summary>
    public bool TakesPort { get; init; }

    /// <summary>Whether --shown may stand behind it, which is Evaluate:ShownPath.</summary>
    public bool TakesShown { get; init; }

    /// <summary>Whether it runs this program within Spark's tasks, where the engine is a Spark.</summary>
    public bool RunsTasks { get; init; }

    /// <summary>In the order in which they are run.</summary>
    public static IReadOnlyList<Verb> All { get; } =
    [
        PrepareVerb.Verb, TrainVerb.Verb, ImportVerb.Verb, EvaluateVerb.Verb, ScoreVerb.Verb, NightlyVerb.Verb,
        PromoteVerb.Promote, PromoteVerb.Rollback, StatusVerb.Verb, ServeVerb.Verb, TuneVerb.Verb,
    ];
}
