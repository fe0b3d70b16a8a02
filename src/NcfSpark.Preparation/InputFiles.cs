using System.Text;
using System.Text.RegularExpressions;
using NcfSpark.Data;

namespace NcfSpark.Preparation;

/// <summary>The files that a setting such as Input:Path names, in the order of their paths.</summary>
/// <param name="Setting">The setting, for messages.</param>
/// <param name="Given">What the setting says.</param>
/// <param name="Paths">The files, absolute. None is empty.</param>
/// <param name="IsParquet">Parquet; else CSV.</param>
internal sealed partial record InputFiles(string Setting, string Given, IReadOnlyList<string> Paths, bool IsParquet)
{
    /// <summary>The one file, or what the setting says where there are several: for messages.</summary>
    public string Name => Paths.Count == 1 ? Paths[0] : Given;

    /// <exception cref="InvalidInputException">There is no such file, or none that could hold rows.</exception>
    public static InputFiles Find(string given, string format, string setting)
    {
        string[] found = Matching(given, setting);
        string[] files = [.. found.Where(file => new FileInfo(file).Length > 0)];
        if (files.Length == 0) throw new InvalidInputException($"{(found.Length == 1 ? found[0] : given)} is empty: 0 bytes. Check what wrote it, or name another file in {setting}.");

        bool[] parquet = Array.ConvertAll(files, file => format == "parquet" || (format == "auto" && ParquetEnding().IsMatch(file)));
        if (parquet.Distinct().Count() > 1)
        {
            throw new InvalidInputException(
                $"{given} has both Parquet files ({files[Array.IndexOf(parquet, true)]}) and others ({files[Array.IndexOf(parquet, false)]}). Let {setting} name one kind, such as \"{System.IO.Path.Combine(given, "*.parquet")}\".");
        }

        return new InputFiles(setting, given, files, parquet[0]);
    }

    private static string[] Matching(string given, string setting)
    {
        string path = System.IO.Path.GetFullPath(given);
        if (File.Exists(path)) return [path];
        if (Directory.Exists(path))
        {
            string[] inside = VisibleFilesBelow(path);
            return inside.Length > 0 ? inside : throw new InvalidInputException($"{path} is a folder without files. Put the interactions there, or name another place in {setting}.");
        }

        int wildcard = path.AsSpan().IndexOfAny("*?[");
        if (wildcard >= 0)
        {
            string root = path[..(path.LastIndexOf('/', wildcard) + 1)];
            Regex pattern = FromGlob(path);
            string[] matching = Directory.Exists(root) ? [.. VisibleFilesBelow(root).Where(file => pattern.IsMatch(file))] : [];
            return matching.Length > 0 ? matching : throw new InvalidInputException($"No file matches {path}. {Beside(root, "")}Name another in {setting}.");
        }

        string folder = System.IO.Path.GetDirectoryName(path) ?? "/";
        throw new InvalidInputException($"{path} is not there. {Beside(folder, System.IO.Path.GetFileName(path))}Relative paths start at the current directory. Name the file, folder or glob in {setting}.");
    }

    // What begins with a dot or an underscore are notes of the tools that write folders: _SUCCESS, .part-0.crc.
    private static string[] VisibleFilesBelow(string folder)
    {
        string[] files = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => !System.IO.Path.GetRelativePath(folder, file).Split('/').Any(part => part[0] is '.' or '_'))];
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    private static Regex FromGlob(string glob)
    {
        var pattern = new StringBuilder("^");
        for (int i = 0; i < glob.Length; i++)
        {
            int close;
            if (glob.AsSpan(i).StartsWith("**/")) (_, i) = (pattern.Append("(.*/)?"), i + 2);
            else if (glob[i] == '*') pattern.Append("[^/]*");
            else if (glob[i] == '?') pattern.Append("[^/]");
            else if (glob[i] == '[' && (close = glob.IndexOf(']', i + 2)) > 0) (_, i) = (pattern.Append(glob.AsSpan(i, close - i + 1)), close);
            else pattern.Append(Regex.Escape(glob[i].ToString()));
        }

        return new Regex(pattern.Append('$').ToString(), RegexOptions.CultureInvariant);
    }

    private static string Beside(string folder, string meant)
    {
        if (!Directory.Exists(folder)) return $"There is no folder {folder} either. ";
        string[] names = [.. Directory.EnumerateFileSystemEntries(folder).Select(entry => System.IO.Path.GetFileName(entry)).Order(StringComparer.Ordinal)];
        string nearest = NearestName.Of(meant, names) is string name ? $"Did you mean {System.IO.Path.Combine(folder, name)}? " : "";
        string list = names.Length == 0 ? "nothing" : string.Join(", ", names.Take(10)) + (names.Length > 10 ? $" and {names.Length - 10:N0} more" : "");
        return $"{nearest}In {folder} there is {list}. ";
    }

    [GeneratedRegex(@"\.(parquet|pq)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ParquetEnding();
}
