using System.Text.RegularExpressions;
using NcfSpark.Core;

namespace NcfSpark.Preparation;

/// <summary>The files that a setting such as Input:Path names, in the order of their paths.</summary>
/// <param name="Setting">The setting, for messages.</param>
/// <param name="Paths">The files, absolute. None is empty.</param>
internal sealed partial record InputFiles(string Setting, string Given, IReadOnlyList<string> Paths, InputFormat Format)
{
    /// <summary>The same files where the setting names them, in the same order; <see cref="Paths"/> may be copies that the engine can read.</summary>
    public IReadOnlyList<string> Originals { get; init; } = Paths;

    /// <summary>Whether engines agree in what they read in them, as far as that was looked at: by their quotes, and by bytes that are no UTF-8.</summary>
    public bool ArePlain { get; init; } = true;

    public bool IsParquet => Format == InputFormat.Parquet;

    /// <summary>The one file, or what the setting says where there are several: for messages.</summary>
    public string Name => Originals.Count == 1 ? Originals[0] : Given;

    /// <summary>Whether only Spark reads it: Given is then the one path, and says all there is.</summary>
    public bool IsElsewhere { get; private init; }

    /// <summary>Of one of <see cref="Paths"/>, the file that the setting names.</summary>
    public string OriginalOf(string path)
    {
        for (int i = 0; i < Paths.Count; i++)
        {
            if (Paths[i] == path) return Originals[i];
        }

        return path;
    }

    /// <param name="format">Of all of them; Auto for what the endings say.</param>
    /// <param name="setting">The setting, for messages.</param>
    /// <exception cref="InvalidInputException">There is no such file, or none that could hold rows.</exception>
    public static InputFiles Find(string given, InputFormat format, string setting) =>
        FetchedInputs.Find(given, setting, (path, fetch) => Find(path, format, setting, fetch));

    private static InputFiles Find(string given, InputFormat format, string setting, Action<IEnumerable<string>> fetch)
    {
        string[] found;
        try
        {
            found = Matching(given, setting);
            fetch(found);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{given} cannot be looked through: {cause.Message} Mend that, or name another place in {setting}.", cause);
        }

        if (Array.Find(found, file => LinuxFiles.RealPath(file) is null) is { } broken)
        {
            throw new InvalidInputException(
                $"{broken} is a link to {new FileInfo(broken).LinkTarget}, which is not there. Mend or remove the link, or name other files in {setting}.");
        }

        string[] files = [.. found.Where(file => new FileInfo(file).Length > 0)];
        if (files.Length == 0)
        {
            throw new InvalidInputException(
                $"{(found.Length == 1 ? found[0] : given)} is empty: 0 bytes. Check what wrote it, or name another file in {setting}.");
        }

        InputFormat[] formats = Array.ConvertAll(files, file => FormatOf(file, format));
        if (Array.FindIndex(formats, other => other != formats[0]) is > 0 and int at)
        {
            (int one, int two) = formats[at] == InputFormat.Parquet ? (at, 0) : (0, at);
            string pattern = System.IO.Path.Combine(given, $"*{System.IO.Path.GetExtension(files[one])}");
            throw new InvalidInputException(
                $"{given} has both {NameOf(formats[one])} files ({files[one]}) and others ({files[two]}). Let {setting} name one kind, such as \"{pattern}\".");
        }

        return new InputFiles(setting, given, files, formats[0]);
    }

    /// <summary>What a setting with a scheme names, which only Spark reads.</summary>
    public static InputFiles Elsewhere(string given, InputFormat format, string setting)
    {
        bool isParquet = InputPlace.IsTable(given) || InputPlace.IsParquet(given, format);
        bool isJson = !InputPlace.IsTable(given)
            && (format == InputFormat.Json || (format == InputFormat.Auto && JsonEnding().IsMatch(Compression.NameWithin(given))));
        return new InputFiles(setting, given, [given], isJson ? InputFormat.Json : isParquet ? InputFormat.Parquet : InputFormat.Csv) { IsElsewhere = true };
    }

    private static InputFormat FormatOf(string file, InputFormat format) =>
        format != InputFormat.Auto ? format
        : ParquetEnding().IsMatch(file) ? InputFormat.Parquet
        : JsonEnding().IsMatch(Compression.NameWithin(file)) ? InputFormat.Json
        : InputFormat.Csv;

    private static string NameOf(InputFormat format) => format switch { InputFormat.Parquet => "Parquet", InputFormat.Json => "JSON", _ => "CSV" };

    private static string[] Matching(string given, string setting)
    {
        string path = System.IO.Path.GetFullPath(given);
        if (File.Exists(path)) return [path];
        if (Directory.Exists(path))
        {
            string[] inside = FileSearch.Below(path);
            return inside.Length > 0
                ? inside
                : throw new InvalidInputException($"{path} is a folder without files. Put the interactions there, or name another place in {setting}.");
        }

        if (FileSearch.HasWildcards(path))
        {
            string[] matching = FileSearch.Matching(path);
            return matching.Length > 0
                ? matching
                : throw new InvalidInputException($"No file matches {path}. {Beside(FileSearch.RootOf(path), "")}Name another in {setting}.");
        }

        string folder = System.IO.Path.GetDirectoryName(path) ?? "/";
        string start = System.IO.Path.IsPathRooted(given) ? "" : "Relative paths start at the current directory. ";
        throw new InvalidInputException(
            $"{path} is not there. {Beside(folder, System.IO.Path.GetFileName(path))}{start}Name the file, folder or glob in {setting}.");
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

    [GeneratedRegex(@"\.(json|jsonl|ndjson)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex JsonEnding();
}
