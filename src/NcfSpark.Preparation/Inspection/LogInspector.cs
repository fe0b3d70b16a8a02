using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>Looks at a log of which nothing is known but where it is: how its files are laid out, which columns matter, and how large it is.</summary>
public static class LogInspector
{
    private const double MostBadRows = 0.01;

    /// <param name="path">A file, folder or glob of this machine.</param>
    /// <param name="engine">Counts; a DuckDB in the process.</param>
    /// <exception cref="InvalidInputException">It is not there, cannot be read, or holds nothing that could be a log.</exception>
    public static InspectedLog Inspect(string path, ISqlEngine engine, IProgressReporter progress)
    {
        if (InputPlace.HasScheme(path) && !FetchedInputs.IsFetched(path))
        {
            throw new InvalidInputException(
                $"{path} is not on this machine, so it cannot be looked at: write a configuration with Input:Path and the columns, as conf/README.md says.");
        }

        InputFiles files = InputFiles.Find(path, InputFormat.Auto, "--input");
        FileCheck.CheckWhole(files);
        LogSample sample = LogSample.Read(files);
        ColumnRoles roles = ColumnRoles.Of(sample);
        InputOptions input = OptionsOf(path, sample, roles);
        using var scratch = new ScratchFolder();
        progress.Line($"Looking at {files.Name} ...");
        InputSource source = InputSource.Open(engine, input, files with { Setting = "Input:Path" }, "ncf_inspected", scratch);
        InteractionLog log = new LogReader(engine, input with { MaxBadRows = long.MaxValue }, [source], SilentProgress.Instance).Read();
        if (log.BadRows > 0 && log.BadRows <= MostBadRows * log.Rows) input = input with { MaxBadRows = 2 * log.BadRows };
        input = input with { IdType = log.Ids is { UserIsText: false, ItemIsText: false } ? IdType.Number : IdType.Auto };
        var words = new InspectionWords(engine, sample, roles, log, files, input.NullValues);
        return new InspectedLog(input, words.Seen(), [.. sample.Doubts, .. roles.Doubts, .. words.Doubts(input.MaxBadRows)], words.Figures);
    }

    private static InputOptions OptionsOf(string path, LogSample sample, ColumnRoles roles) => new()
    {
        Path = path,
        Delimiter = sample.Delimiter,
        Quote = sample.Quote,
        Header = sample.Header,
        UserColumn = roles[ColumnRole.User]!.Name,
        ItemColumn = roles[ColumnRole.Item]!.Name,
        TimestampColumn = roles[ColumnRole.Time]?.Name ?? "",
        EventColumn = roles[ColumnRole.Event]?.Name ?? "",
        DecimalSeparator = sample.Format == InputFormat.Csv && sample.Delimiter != "," && roles[ColumnRole.Rating] is { } rating
            && rating.Values.Any(value => value.Contains(',', StringComparison.Ordinal)) ? "," : ".",
    };
}

/// <summary>What a log was taken for, by looking at it.</summary>
/// <param name="Input">The settings that read it so.</param>
/// <param name="Seen">What was seen, line by line, each with its reason: for people.</param>
/// <param name="Doubts">Where another reading is as likely, and the setting that chooses.</param>
/// <param name="Figures">Its size and shape, so read.</param>
public sealed record InspectedLog(InputOptions Input, IReadOnlyList<string> Seen, IReadOnlyList<string> Doubts, LogFigures Figures);

/// <summary>Size and shape of a log.</summary>
/// <param name="Rows">Usable rows.</param>
/// <param name="Interactions">Pairs of a user and an item; a pair that is repeated counts once.</param>
/// <param name="MedianOfUser">Interactions of a user, the median.</param>
/// <param name="MostOfUser">Interactions of the user who has the most.</param>
/// <param name="HasTimes">Whether rows have times.</param>
/// <param name="TimesToTheSecond">Whether times say more than a day.</param>
public sealed record LogFigures(long Rows, long Interactions, long Users, long Items, long MedianOfUser, long MostOfUser, bool HasTimes, bool TimesToTheSecond);
