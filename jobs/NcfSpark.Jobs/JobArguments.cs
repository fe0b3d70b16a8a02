using NcfSpark.Core;

namespace NcfSpark.Jobs;

/// <summary>What stands on the command line after a verb.</summary>
/// <param name="Config">--config: the configuration file; null where it is missing.</param>
/// <param name="Run">--run: the run directory, or null for runs/NAME.</param>
/// <param name="Set">Each --set, in order.</param>
internal sealed record JobArguments(string? Config, string? Run, string[] Set)
{
    /// <summary>--engine, --master, --remote and what goes to spark-submit.</summary>
    public EngineArguments Engine { get; init; } = EngineArguments.None;

    /// <summary>--input: a log to look at, instead of a configuration; null where it is not given.</summary>
    public string? Log { get; init; }

    /// <summary>--tune: minutes of a search for the kind of model and its settings; null where it is not given.</summary>
    public string? Tune { get; init; }

    /// <summary>The command of another stage of the same run, with the same settings, to be pasted.</summary>
    public string CommandOf(string stageVerb) => Advice.Command(
    [
        stageVerb,
        .. Config is null ? [] : new[] { "--config", Config },
        .. Run is null ? [] : new[] { "--run", Run },
        .. Set.SelectMany(assignment => new[] { "--set", assignment }),
    ]);

    /// <summary>An empty value is mostly a variable of a script that is not set.</summary>
    /// <exception cref="InvalidInputException">There is one.</exception>
    public void RefuseEmpty()
    {
        Refuse("--config", Config, "name a configuration file, such as --config conf/ml-latest-small-good.json");
        Refuse("--run", Run, "name a directory, such as --run runs/mine, or leave --run out");
        Refuse("--tune", Tune, "write minutes, such as --tune 10, or leave --tune out");
        Refuse("--input", Log, "name a log, such as --input clicks.csv, or leave --input out");
        foreach (string assignment in Set) Refuse("--set", assignment, "write --set Section:Key=value, such as --set Train:Epochs=5, or leave --set out");
    }

    private static void Refuse(string option, string? value, string cure)
    {
        if (value is not null && string.IsNullOrWhiteSpace(value)) throw new InvalidInputException($"{option} is empty (an unset variable?): {cure}.");
    }
}
