using NcfSpark.Jobs.Configuration;

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
    /// <summary>Whether it runs SQL on an engine, which --engine, --master and --remote choose.</summary>
    public bool RunsSql { get; init; }

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
            figures mean something. Open report/report.html in a browser.
            """,
            "prepared/, model/",
            "report/",
            ["Evaluate"],
            EvaluateJob.Run),
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
            "all of these in order; goes on after the last stage that finished",
            """
            Runs prepare, train, evaluate and score. Stages whose result is there already, made from the same input by the same settings, are
            passed over; killed and started again with the same command, it goes on where it was.
            """,
            "Input:Path, Score:PairsPath",
            "prepared/, model/, report/, predictions/",
            [.. SettingKey.Sections],
            NightlyJob.Run) { RunsSql = true, RunsTasks = true },
    ];
}
