using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using NcfSpark.Core;

namespace NcfSpark.Preparation.Tests;

/// <summary>
/// Random logs with quotes in all places, line breaks within them, U+FFFD, and bytes that are no UTF-8; and what is right of them by the rules of
/// conf/README.md, found line by line with regular expressions.
/// </summary>
internal static class QuotedLogs
{
    private const char NoUtf8 = '\ue000'; // written as a byte that is none

    /// <summary>A log of four columns, the last of which is not used.</summary>
    internal sealed record Log(string Delimiter, string Quote, string[] Lines)
    {
        public byte[] Bytes => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(string.Concat(Lines.Select(line => line + "\n"))))
            .Replace(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes($"{NoUtf8}")), "\u00ff", StringComparison.Ordinal));

        public InputOptions Input => new()
        {
            Delimiter = Delimiter,
            Quote = Quote,
            IdType = IdType.Text,
            TimestampUnit = TimestampUnit.Seconds,
            MaxBadRows = 1000,
        };

        public override string ToString() => $"{Delimiter} {Quote}\n{ShownText.Of(string.Join('\n', Lines), 2000)}";
    }

    public static Gen<Log> Of(string delimiter, string quote)
    {
        string[] pieces = [quote, quote, $"{quote}{quote}", "a", "b", " ", delimiter, "\n"];
        Gen<string> soup = Gen.Elements(pieces).ListOf().Select(some => string.Concat(some.Take(5)));
        Gen<string> field = Gen.Frequency((8, Gen.Elements("1", "2", "é", "a b")), (3, Gen.Elements("x", " ", $"{delimiter}", $"{quote}{quote}", "\n", "y\nz")
            .Select(inner => $"{quote}{inner}{quote}")), (1, Gen.Elements($" {quote}3{quote}", $"{quote}4{quote}  ", $"  {quote}5{quote} ", $"6{quote}",
            $"{quote}7{quote}8", quote, $"{quote}9", "\ufffd", $"{quote}\ufffd{quote}", $"{NoUtf8}")), (1, soup));
        Gen<string> time = Gen.Frequency((8, Gen.Choose(10, 19).Select(n => $"17000000{n}")), (1, Gen.Constant($"{quote}1700000020{quote}")), (1, soup));
        Gen<string> row = from user in field from item in field from moment in time from note in field
                          select string.Join(delimiter, user, item, moment, note);
        Gen<string> line = Gen.Frequency((8, row), (1, soup), (1, row.Select(text => text + delimiter)));
        string[] first = ["user_id,item_id,timestamp,note", "u,i,1700000000,n", "u,j,1700000001,n"];
        return line.ListOf().Select(rows => new Log(delimiter, quote,
            [.. first.Select(text => text.Replace(",", delimiter, StringComparison.Ordinal)), .. string.Join('\n', rows).Split('\n')]));
    }

    /// <summary>The rows and the bad ones, each by the begin of what is said of it.</summary>
    public static RaggedLogs.Outcome Expected(Log log, string file)
    {
        var (rows, bad) = (new List<string>(), new List<string>());
        for (int i = 1; i < log.Lines.Length; i++)
        {
            string line = log.Lines[i], where = $"{file}, line {i + 1}: ";
            if (line.All(letter => letter <= ' ')) continue;
            if (line.Contains(NoUtf8)) bad.Add($"{where}it is not valid UTF-8");
            else
            {
                (string[]? fields, bool ends) = Parse(line, log);
                int more = 0;
                if (!ends) (fields, more) = Joined(log, i);
                if (fields is null) bad.Add($"{where}a quoted field does not end, or goes on after its closing quote");
                else if (!AreFour(fields)) bad.Add($"{where}it does not have the 4 columns of the first line (it has {fields.Length})");
                else RaggedLogs.Judge(log.Input, where, fields, rows, bad);
                i += more;
            }
        }

        return new RaggedLogs.Outcome([.. rows], [.. bad]);
    }

    private static (string[]? Fields, int More) Joined(Log log, int at)
    {
        for (int more = 1; at + more < log.Lines.Length && !log.Lines[at + more].Contains(NoUtf8); more++)
        {
            (string[]? fields, bool ends) = Parse(string.Join('\n', log.Lines[at..(at + more + 1)]), log);
            if (!ends) continue;
            bool within = log.Lines[(at + 1)..(at + more)].Any(line => line.Length > 0 && Parse(line, log) is ({ } row, true) && AreFour(row));
            return fields is not null && AreFour(fields) && !within ? (fields, more) : (null, 0);
        }

        return (null, 0);
    }

    private static bool AreFour(string[] fields) => fields.Length >= 4 && fields.Skip(4).All(field => field.Length == 0);

    // Null where a field goes on after its closing quote; Ends: not where a quote does not.
    private static (string[]? Fields, bool Ends) Parse(string text, Log log)
    {
        string q = Regex.Escape(log.Quote), d = Regex.Escape(log.Delimiter), blanks = log.Delimiter.StartsWith(' ') ? "" : " *";
        string within = $"((?:[^{q}]|{q}{q})*)";
        var fields = new List<string>();
        while (true)
        {
            string field;
            if (Regex.IsMatch(text, $@"\A{blanks}{q}"))
            {
                if (!Regex.IsMatch(text, $@"\A{blanks}{q}{within}{q}(?!{q})")) return (null, false);
                Match whole = Regex.Match(text, $@"\A{blanks}{q}{within}{q}{blanks}(?={d}|\z)");
                if (!whole.Success) return (null, true);
                (field, text) = (whole.Groups[1].Value.Replace(log.Quote + log.Quote, log.Quote, StringComparison.Ordinal), text[whole.Length..]);
            }
            else
            {
                int end = text.IndexOf(log.Delimiter, StringComparison.Ordinal);
                (field, text) = end < 0 ? (text, "") : (text[..end], text[end..]);
            }

            fields.Add(field);
            if (text.Length == 0) return ([.. fields], true);
            text = text[log.Delimiter.Length..];
        }
    }
}
