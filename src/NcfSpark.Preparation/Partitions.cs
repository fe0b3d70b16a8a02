using System.Text;
using System.Text.Unicode;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// Columns that folders name, as Hive, Spark and pandas write them: the files below "date=2026-01-01" have a column
/// "date" with the text "2026-01-01". %3A and the like stand for the letters that no folder can have, and
/// __HIVE_DEFAULT_PARTITION__ for no value. A column that the files have themselves comes first.
/// </summary>
internal static class Partitions
{
    private const string NoValue = "__HIVE_DEFAULT_PARTITION__";

    /// <summary>The names that the folders of all the files give.</summary>
    public static string[] Names(IReadOnlyList<string> paths)
    {
        IEnumerable<string> names = Of(paths[0]).Select(pair => pair.Name);
        foreach (string path in paths.Skip(1)) names = names.Intersect(Of(path).Select(pair => pair.Name)).ToArray();
        return [.. names.Distinct()];
    }

    /// <summary>What a file's folders say of a name; "" for no value, null where none is of that name.</summary>
    public static string? ValueOf(string path, string name)
    {
        string? value = Of(path).LastOrDefault(pair => pair.Name == name).Value;
        return value is null ? null : value == NoValue ? "" : Uri.UnescapeDataString(value);
    }

    /// <summary>The value by a view's ncf_file.</summary>
    public static string Sql(SqlDialect dialect, IReadOnlyList<string> paths, string name)
    {
        string value = $"nullif(split_part(split_part(ncf_file, {dialect.Literal($"/{name}=")}, -1), '/', 1), '{NoValue}')";
        return paths.Any(path => Of(path).Any(pair => pair.Name == name && IsEscaped(path, pair.Value))) ? $"url_decode(replace({value}, '+', '%2B'))" : value;
    }

    /// <summary>Where a column is missing: whether folders name it for some of the files only; ends with a blank if not empty.</summary>
    public static string HintOf(InputOptions input, IReadOnlyList<string> paths)
    {
        foreach (string name in InputColumns.Names(input))
        {
            string[] without = [.. paths.Where(path => ValueOf(path, name) is null)];
            if (without.Length > 0 && without.Length < paths.Count)
            {
                return $"Of {paths.Count:N0} files {without.Length:N0} lie in no folder {name}=…, the first: {without[0]}. ";
            }
        }

        return "";
    }

    private static IEnumerable<(string Name, string Value)> Of(string path) =>
        from part in path.Split('/')[..^1] let sign = part.IndexOf('=', StringComparison.Ordinal) where sign > 0 select (part[..sign], part[(sign + 1)..]);

    private static bool IsEscaped(string path, string value)
    {
        for (int at = value.IndexOf('%', StringComparison.Ordinal); at >= 0; at = value.IndexOf('%', at + 1))
        {
            if (at + 2 >= value.Length || !char.IsAsciiHexDigit(value[at + 1]) || !char.IsAsciiHexDigit(value[at + 2]))
            {
                throw new InvalidInputException(
                    $"{path}: the folder's value {value} has a % without two hexadecimal digits after it. Write %25 for a percent sign.");
            }
        }

        if (!value.Contains('%', StringComparison.Ordinal)) return false;
        byte[] escaped = Encoding.UTF8.GetBytes(value);
        var letters = new List<byte>();
        for (int at = 0; at < escaped.Length; at++)
        {
            bool isEscape = escaped[at] == '%';
            letters.Add(isEscape ? Convert.ToByte(Encoding.ASCII.GetString(escaped, at + 1, 2), 16) : escaped[at]);
            if (isEscape) at += 2;
        }

        if (Utf8.IsValid(letters.ToArray())) return true;
        throw new InvalidInputException($"{path}: the folder's value {value} stands for bytes that are no UTF-8. Rename the folder.");
    }
}
