using System.Globalization;
using System.Text;
using NcfSpark.Core;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Cluster;

/// <summary>
/// What Spark brings a training worker on standard input, in any order: a line with its settings, and where it does not
/// read its rows itself a line for each row of its users.
/// <code>
/// ~      ~     ~     ~          SETTINGS    ~ is NULL
/// part   user  item  timestamp  WEIGHT      part: the number of a WorkerPart; WEIGHT is ~ where interactions have none
/// </code>
/// Example: "1\t7\t2\t1500000000\t~" says that user 7 used item 2 then, and that it is trained on.
/// </summary>
internal sealed class WorkerInput
{
    private readonly Rows[] parts = [.. Enum.GetValues<WorkerPart>().Select(_ => new Rows())];

    private WorkerInput()
    {
    }

    public WorkerTaskSettings Settings { get; private set; } = null!;

    /// <summary>Reads all of it: a pipe with something left in it would fail the task.</summary>
    /// <exception cref="InvalidDataException">It is something else, or not all that the settings say.</exception>
    public static WorkerInput Read(Stream stream)
    {
        var input = new WorkerInput();
        var lines = new InputLines(stream);
        while (lines.TryNext(out ReadOnlySpan<byte> line)) input.Add(lines, line);
        if (input.Settings is null)
        {
            throw new InvalidInputException($"{WorkerTask.Verb} is started within Spark's tasks, and told what to do on standard input.");
        }

        for (int part = 0; part < input.Settings.Rows.Length; part++)
        {
            (long told, int came) = (input.Settings.Rows[part], input.parts[part].Users.Count);
            if (came != told)
            {
                throw new InvalidDataException(
                    $"Spark brought worker {input.Settings.Worker.Worker} {came:N0} rows of {(WorkerPart)part}, where there are {told:N0}.");
            }
        }

        return input;
    }

    /// <summary>The rows of a part, in the order in which they came, by the users' numbers in the share.</summary>
    /// <exception cref="InvalidDataException">A row is of another worker's user.</exception>
    public InteractionRows Of(WorkerPart part, WorkerShare share)
    {
        Rows rows = parts[(int)part];
        int stranger = rows.Users.FindIndex(user => !share.Owns(user));
        if (stranger >= 0) throw new InvalidDataException($"Spark brought worker {share.Worker} a row of user {rows.Users[stranger]}, who is another's.");
        return new InteractionRows([.. rows.Users.Select(share.Local)], [.. rows.Items], [.. rows.Timestamps])
        {
            Weights = rows.Weights.Count == 0 ? null : [.. rows.Weights],
        };
    }

    private void Add(InputLines lines, ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> start = "~\t~\t~\t~\t"u8, rest = line;
        if (line.StartsWith(start))
        {
            Settings = TaskWord.Parse<WorkerTaskSettings>(Encoding.UTF8.GetString(line[start.Length..]), WorkerTask.Verb);
            return;
        }

        if (!InputLines.TryTake(ref rest, out long part) || !InputLines.TryTake(ref rest, out long user) || !InputLines.TryTake(ref rest, out long item)
            || !InputLines.TryTake(ref rest, out long timestamp)
            || !TryWeight(rest, out float? weight) || part < 0 || part >= parts.Length)
        {
            throw lines.Not("part, user, item, timestamp and weight", line);
        }

        parts[part].Users.Add((int)user);
        parts[part].Items.Add((int)item);
        parts[part].Timestamps.Add(timestamp);
        if (weight is { } given) parts[part].Weights.Add(given);
    }

    private static bool TryWeight(ReadOnlySpan<byte> field, out float? weight)
    {
        weight = null;
        if (field.SequenceEqual("~"u8)) return true;
        if (!double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)) return false;
        weight = (float)number;
        return true;
    }

    private sealed class Rows
    {
        public List<int> Users { get; } = [];

        public List<int> Items { get; } = [];

        public List<long> Timestamps { get; } = [];

        public List<float> Weights { get; } = [];
    }
}
