using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>Random logs whose lines have too few and too many fields, blanks, quotes and other marks; and what an engine makes of them.</summary>
internal static class RaggedLogs
{
    public static readonly string[] Delimiters = [",", "\t", ";", "|", "::", "\u0001", " ", "\\"];

    private const string Names = "user_id,item_id,timestamp";

    private static readonly string[] Marks =
    [
        "1", "2", "007", "+1", "1.0", "a", "é", " a ", "a b", "", "", " ", "  ", "NaN", "\\", "x\\y", "'", "#", "-", ":", "\u00a0", "\u2028", "\u0085",
        "\u001b[31m", "\ufffd", "\u0001", "\t", ",", ";", "|",
    ];

    /// <summary>A log of three columns; the first two lines, after the names, are good ones.</summary>
    /// <param name="Text">The whole file.</param>
    internal sealed record Log(string Delimiter, bool Header, string[] Lines)
    {
        public string Text => string.Concat(Lines.Select(line => line + "\n"));

        public InputOptions Input => new()
        {
            Delimiter = Delimiter,
            Header = Header,
            IdType = IdType.Text,
            TimestampUnit = TimestampUnit.Seconds,
            UserColumn = Header ? "user_id" : "1",
            ItemColumn = Header ? "item_id" : "2",
            TimestampColumn = Header ? "timestamp" : "3",
            MaxBadRows = long.MaxValue,
        };

        public override string ToString() => $"{ShownText.Of(Delimiter)} {Header}\n{ShownText.Of(Text, 2000)}";
    }

    /// <summary>What was read: rows, and the bad ones as they are told.</summary>
    internal sealed record Outcome(string[] Rows, string[] Bad);

    /// <param name="delimiter">What stands between two fields.</param>
    /// <param name="quote">"" for logs in which quotes are letters; else some fields are quoted, each as it should be.</param>
    public static Gen<Log> Of(string delimiter, bool header, string quote)
    {
        string[] letters = [.. Marks.Where(mark => !mark.Contains(delimiter[0], StringComparison.Ordinal))];
        Gen<string> field = quote.Length == 0
            ? Gen.Frequency((6, Gen.Elements(letters)), (1, Gen.Elements("\"", "\"\"", "say \"hi\"", "\"a")))
            : Gen.Frequency((6, Gen.Elements(letters)), (1, Gen.Elements(letters.Append(delimiter).Append($"{quote}{quote}").ToArray())
                .Select(inner => $"{quote}{inner}{quote}")));
        Gen<string> time = Gen.Frequency((6, Gen.Choose(1_700_000_010, 1_700_000_019).Select(second => $"{second}")), (1,
            Gen.Elements("", " ", "x", " 1700000020 ")));
        Gen<string> good = from user in field from item in field from when in time select string.Join(delimiter, user, item, when);
        Gen<string> ragged = field.ListOf().Select(fields => string.Join(delimiter, fields.Take(6)));
        Gen<string> line = Gen.Frequency((4, good), (2, good.Select(text => text + delimiter)), (1, good.Select(text => text + delimiter + " ")), (2, ragged),
            (1, Gen.Elements("", " ", " \t ", $"{delimiter}{delimiter}", $"{delimiter}{delimiter}{delimiter}", $" {delimiter} {delimiter} ")));
        string[] first =
        [
            Names.Replace(",", delimiter, StringComparison.Ordinal),
            .. Enumerable.Range(0, 2).Select(n => $"u{delimiter}i{n}{delimiter}170000000{n}"),
        ];
        return line.ListOf().Select(lines => new Log(delimiter, header, [.. first.Skip(header ? 0 : 1), .. lines]));
    }

    /// <summary>As the rules of conf/README.md have it, where quotes are letters: line by line.</summary>
    public static Outcome Expected(Log log, string file)
    {
        var (rows, bad) = (new List<string>(), new List<string>());
        foreach ((int index, string line) in log.Lines.Index().Skip(log.Header ? 1 : 0))
        {
            if (line.All(letter => letter <= ' ')) continue;
            string[] fields = line.Split(log.Delimiter);
            if (fields.Length < 3 || fields.Skip(3).Any(field => field.Length > 0))
            {
                bad.Add($"{file}, line {index + 1}: it does not have the 3 columns of the first line");
                continue;
            }

            Judge(log.Input, $"{file}, line {index + 1}: ", fields, rows, bad);
        }

        return new Outcome([.. rows.Order(StringComparer.Ordinal)], [.. bad]);
    }

    /// <summary>Adds a line of three or more fields to the rows, or to the bad ones with the column that is at fault.</summary>
    public static void Judge(InputOptions input, string where, string[] fields, List<string> rows, List<string> bad)
    {
        string[] nothing = ["", .. input.NullValues];
        (string user, string item, string time) = (IdText.Trim(fields[0]), IdText.Trim(fields[1]), IdText.Trim(fields[2]));
        double second = 0;
        string? column = fields[0].Contains('\n') ? input.UserColumn
            : fields[1].Contains('\n') ? input.ItemColumn
            : fields[2].Contains('\n') ? input.TimestampColumn
            : nothing.Contains(user) ? input.UserColumn
            : nothing.Contains(item) ? input.ItemColumn
            : user.Contains('\ufffd') ? input.UserColumn
            : item.Contains('\ufffd') ? input.ItemColumn
            : double.TryParse(time, NumberStyles.Float, CultureInfo.InvariantCulture, out second) && char.IsAsciiDigit(time[^1])
                ? null : input.TimestampColumn;
        if (column is null) rows.Add($"{user}|{item}|{(long)second}");
        else bad.Add($"{where}column {column}");
    }

    /// <summary>What is read is what is right, and what is said of bad rows begins as it should.</summary>
    public static void AssertAlike(Outcome expected, Outcome read)
    {
        string Show(string[] some) => string.Join("\n  ", some.Select(text => ShownText.Of(text, 400)));
        bool alike = expected.Rows.Order(StringComparer.Ordinal).SequenceEqual(read.Rows) && expected.Bad.Length == read.Bad.Length
            && expected.Bad.Zip(read.Bad).All(pair => pair.Second.StartsWith(pair.First, StringComparison.Ordinal));
        string[] only = [.. expected.Bad.Where(bad => !read.Bad.Any(other => other.StartsWith(bad, StringComparison.Ordinal)))];
        string[] others = [.. read.Bad.Where(bad => !expected.Bad.Any(other => bad.StartsWith(other, StringComparison.Ordinal)))];
        Assert.True(alike, $"Bad, and not read so:\n  {Show(only)}\nRead as bad:\n  {Show(others)}\nRows not read:\n  "
            + $"{Show([.. expected.Rows.Except(read.Rows)])}\nRows read:\n  {Show([.. read.Rows.Except(expected.Rows)])}");
    }

    /// <summary>What an engine reads.</summary>
    /// <param name="path">The file, or a folder of files, with columns as the input says.</param>
    public static Outcome Read(ISqlEngine engine, InputOptions input, string path)
    {
        using var scratch = new ScratchFolder();
        InputSource source = InputSource.Open(engine, input, ResolvedInput.Find(input with { Path = path }, PlainOptions.Prepare).Log, "ncf_ragged", scratch);
        InteractionLog log = InteractionLog.Read(engine, input, [source], SilentProgress.Instance);
        string[] rows = [.. engine.Query($"SELECT concat_ws('|', user_id, item_id, CAST(moment AS STRING)) FROM {InteractionLog.Table} WHERE problem = 0")
            .Select(row => (string)row[0]!).Order(StringComparer.Ordinal)];
        Assert.Equal(log.BadRows, log.Bad.Count);
        Assert.Equal(log.Rows, rows.Length + log.BadRows);
        return new Outcome(rows, [.. log.Bad.Select(bad => $"{bad}")]);
    }

    /// <summary>`1,2,3,` under three columns is a row of three, and so is `1,2,3,,`. Bad values before the empty field are told.</summary>
    public static void AssertEmptyFieldsAtTheEndSayNothing(ISqlEngine engine, TestFolder folder)
    {
        foreach (string quote in new[] { "\"", "" })
        {
            string quoted = quote.Length == 0 ? "2,12,1700000004," : "\"2\",\"12\",1700000004,\"\"";
            string file = folder.Write(
                $"log{quote.Length}.csv",
                "user_id,item_id,timestamp\n1,10,1700000001\n1,11,1700000002,\n2,10,1700000003,,\n2,11,1700000003,,x\n"
                + $"{quoted}\n2,13,soon,\n2,14,1700000005, \n2,15,\n");
            Outcome read = Read(engine, new InputOptions { MaxBadRows = 4, Quote = quote }, file);
            Assert.Equal(["1|10|1700000001", "1|11|1700000002", "2|10|1700000003", "2|12|1700000004"], read.Rows);
            Assert.Equal(
                [
                    $"{file}, line 5: it does not have the 3 columns of the first line (it has 5)",
                    $"{file}, line 7: column timestamp holds 'soon', which is no number of seconds since 1970",
                    $"{file}, line 8: it does not have the 3 columns of the first line (it has 4)",
                    $"{file}, line 9: column timestamp is empty",
                ], read.Bad);
        }
    }
}
