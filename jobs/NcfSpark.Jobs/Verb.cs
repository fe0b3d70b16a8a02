using NcfSpark.Configuration;
using NcfSpark.Data;
using NcfSpark.Nightly;
using NcfSpark.Pipeline;
using NcfSpark.Tuning;

namespace NcfSpark.Jobs;

/// <summary>A verb of the command line.</summary>
/// <param name="Name">As it is typed.</param>
/// <param name="Summary">What it does, in one line.</param>
/// <param name="Description">What it does, for its own help.</param>
/// <param name="Reads">Where from.</param>
/// <param name="Writes">Where to, in the run directory.</param>
/// <param name="Sections">The sections of the configuration that it uses.</param>
/// <param name="Run">Does it.</param>
internal sealed record Verb(string Name, string Summary, string Description, string Reads, string Writes, string[] Sections, Func<JobContext, ExitCode> Run)
{
    /// <summary>Whether it changes nothing, so that it need not hold the run directory.</summary>
    public bool OnlyLooks { get; init; }

    /// <summary>Whether it runs SQL on an engine, which --engine, --master and --remote choose.</summary>
    public bool RunsSql { get; init; }

    /// <summary>Whether a night may stand behind it, which is Nightly:Night.</summary>
    public bool TakesNight { get; init; }

    /// <summary>Whether it runs this program within Spark's tasks, where the engine is a Spark.</summary>
    public bool RunsTasks { get; init; }

    /// <summary>In the order in which they are run.</summary>
    public static IReadOnlyList<Verb> All { get; } =
    [
        new(
            "prepare",
            "checks the log of interactions, numbers users and items, splits off what is tested, draws negatives",
            """
            Reads the log, refuses it with file, line and column where it is wrong, keeps the latest of each (user, item), holds out the latest
            interactions of each user, and draws negatives beside the rest. The same input, settings and seed give the same rows.
            """,
            "Input:Path",
            "prepared/",
            ["Input", "Prepare"],
            PrepareJob.Run) { RunsSql = true },
        new(
            "train",
            "fits the network to the prepared rows",
            """
            Fits the network, epoch by epoch, and validates after each where rows were held out for that. It writes checkpoints: killed and
            started again with the same command, it goes on from the last one, to the same bytes.
            """,
            "prepared/",
            "model/",
            ["Model", "Train", "Spark"],
            TrainJob.Run) { RunsSql = true, RunsTasks = true },
        new(
            "evaluate",
            "measures the model on the held-out rows, beside baselines, and writes a report with pictures",
            """
            Ranks the whole catalogue for each user with held-out rows, and does the same with popularity and item-item cosine, so that the
            figures mean something. Open report.html in a browser.
            """,
            "prepared/, model/",
            "report/, report.html",
            ["Evaluate"],
            Evaluate),
        new(
            "score",
            "writes the top recommendations of every user, and scores given pairs",
            """
            Scores every item for every user and keeps the best that the user has not seen. Nobody is missing: who cannot be scored by the
            model gets the popularity list, marked so in the column source.
            """,
            "prepared/, model/, Score:PairsPath",
            "predictions/",
            ["Score", "Spark"],
            ScoreJob.Run) { RunsSql = true, RunsTasks = true },
        new(
            "nightly",
            "all of these in order, in a night of its own; what passes the gate goes into service",
            """
            Runs prepare, checks the data against the nights before, trains, evaluates beside the model in service, and, if the gate approves,
            trains again on everything (Nightly:Refit), scores, and points `current` to the night. Stages whose result is there already are passed
            over; killed and started again with the same command, it goes on where it was. The history tells how each night ended.
            """,
            "Input:Path, Score:PairsPath",
            "2026-11-24/, current, history.jsonl, nights.html, metrics.prom",
            [.. SettingKey.Sections.Except(["Tune"])],
            NightlyJob.Run) { RunsSql = true, RunsTasks = true },
        new(
            "promote",
            "puts a night into service by hand: promote 2026-11-24",
            """
            Puts a night into service that the gate refused (its predictions are made first), or one that was in service before. The reason,
            Nightly:Reason, is kept in the history.
            """,
            "2026-11-24/",
            "current, history.jsonl",
            ["Nightly"],
            PromoteJob.Run) { TakesNight = true },
        new(
            "rollback",
            "puts the night that was in service before into service again",
            """
            Puts the night that was in service before the present one into service again. It was never removed, so this takes no time. The
            reason, Nightly:Reason, is kept in the history. Tomorrow's night is compared with it.
            """,
            "current, history.jsonl",
            "current, history.jsonl",
            ["Nightly"],
            RollbackJob.Run),
        new(
            "status",
            "prints the last nights: how they ended, what they measured, which is in service",
            """
            Prints the last nights of the run directory as a table, the latest last, and why one did not go into service. It only looks, so it can be asked while a
            night runs. nights.html of the run directory shows all nights in a browser.
            """,
            "history.jsonl",
            "nothing",
            [],
            StatusJob.Run) { OnlyLooks = true },
        new(
            "tune",
            "searches ranges of settings on validation within a time budget; writes the best configuration",
            """
            Holds out validation rows, throws the test part away, and tries settings drawn from the ranges in the file that Tune:Search names: many for a few epochs,
            the best third of them for longer, and so on (Hyperband). How many brackets of these there are is decided by the clock; the best, and the configuration itself, are
            trained again with other seeds before one is chosen. Killed and started again with the same command, it goes on where it was; with a larger Tune:BudgetMinutes it
            searches on. tune/best.json is a complete configuration to use, tune/results.txt the table of what was tried.
            """,
            "Input:Path, Tune:Search",
            "tune/",
            ["Tune"],
            TuneJob.Run) { RunsSql = true },
    ];

    private static ExitCode Evaluate(JobContext job)
    {
        Titles.Read(job.Configuration.Input); // a file that cannot be read is refused before any work
        StageDirectory prepared = PrepareJob.Open(job);
        StageSummary.Write(job, EvaluateJob.Make(job, prepared, TrainJob.Open(job, prepared)));
        job.Output.WriteLine($"Open {NightPages.WriteReport(job)} in a browser.");
        return ExitCode.Done;
    }
}
