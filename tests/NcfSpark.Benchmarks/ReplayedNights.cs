using System.Collections;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Jobs;
using NcfSpark.Model;
using NcfSpark.Preparation;
using NcfSpark.Preparation.Tests;
using NcfSpark.Training;

namespace NcfSpark.Benchmarks;

/// <summary>
/// Nights cut from ml-latest-small by time: the first knows half of the ratings, each further one as many more, the
/// last all. A night sees only what was known then.
/// </summary>
internal sealed class ReplayedNights : IDisposable
{
    public const string Configuration = "conf/ml-latest-small-good.json";

    private readonly string folder = Directory.CreateTempSubdirectory("ncfspark-bench-").FullName;
    private readonly (long User, long Item, long Time, string Line)[] rows; // by time
    private readonly string header;
    private readonly int steps;
    private readonly string[] more;

    /// <param name="more">Settings over those of the configuration, as after --set.</param>
    public ReplayedNights(int nights, string[] more)
    {
        (steps, this.more) = (nights - 1, more);
        string[] lines = File.ReadAllLines(ConfigurationLoader.Load(Configuration, [], new Hashtable()).Input.Path);
        header = lines[0];
        rows = [.. lines[1..].Select(Parse).OrderBy(row => row.Time)];
    }

    /// <summary>What a night is prepared and trained by.</summary>
    public NcfSparkConfiguration Settings(bool validation) => ConfigurationLoader.Load(
        Configuration, [.. more, $"Input:Path={LogPath}", $"Prepare:Validation={validation}", "Prepare:TestCandidates=0"], new Hashtable());

    /// <summary>Prepares a night, from 0.</summary>
    public PreparedData Prepare(int night, NcfSparkConfiguration settings)
    {
        File.WriteAllLines(LogPath, rows.Take(KnownIn(night)).Select(row => row.Line).Prepend(header));
        using var engine = new DuckDbEngine(new DuckDbOptions { SpillDirectory = Path.Combine(folder, "spill") });
        return new PreparedData(PreparedRun.Prepare(
            engine, settings.Input, settings.Prepare, Path.Combine(folder, $"night-{night}-{settings.Prepare.Validation}"), SilentProgress.Instance));
    }

    /// <summary>What came between a night and the next, of users and items that it knew.</summary>
    public InteractionRows NextOf(int night, PreparedData known)
    {
        Dictionary<string, int> users = known.ReadUsers().IndexByText(), items = known.ReadItems().IndexByText();
        var next = rows[KnownIn(night)..KnownIn(night + 1)]
            .Select(row => (User: users.GetValueOrDefault($"{row.User}", -1), Item: items.GetValueOrDefault($"{row.Item}", -1), row.Time))
            .Where(row => row.User >= 0 && row.Item >= 0).ToArray();
        return new([.. next.Select(row => row.User)], [.. next.Select(row => row.Item)], [.. next.Select(row => row.Time)]);
    }

    /// <summary>Trains to the end.</summary>
    public TrainingResult Train(NcfSparkConfiguration settings, TrainOptions train, TrainingSet set,
        Func<ModelWeights, double>? validate = null, ModelWeights? initial = null)
    {
        CheckpointStore checkpoints = CheckpointStore.Open(folder, "bench");
        TrainingResult result = new Trainer(settings.Model, train, checkpoints, validate, SilentProgress.Instance, TimeProvider.System) { Initial = initial }
            .Train(set);
        checkpoints.Delete();
        return result;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string LogPath => Path.Combine(folder, "ratings.csv");

    // To the end of a second.
    private int KnownIn(int night)
    {
        int known = rows.Length / 2 + (int)((long)night * (rows.Length - rows.Length / 2) / steps);
        while (known < rows.Length && rows[known].Time == rows[known - 1].Time) known++;
        return known;
    }

    private static (long User, long Item, long Time, string Line) Parse(string line)
    {
        string[] columns = line.Split(',');
        return (long.Parse(columns[0]), long.Parse(columns[1]), long.Parse(columns[3]), line);
    }
}
