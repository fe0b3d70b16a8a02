using System.Globalization;
using System.Text.RegularExpressions;

namespace NcfSpark.Core;

/// <summary>
/// How nights stand in a run directory:
/// <code>
/// runs/NAME/2026-11-23/      prepared/ model/ report/ refit/ predictions/, as each stage made them, and night.json
/// runs/NAME/2026-11-24/
/// runs/NAME/2026-11-24-2/    the second of that date: other input or settings than the first
/// runs/NAME/current          → 2026-11-24, the night in production: readers open runs/NAME/current/predictions/…
/// runs/NAME/history.jsonl    a line a night, and one for each change by hand
/// </code>
/// A night that was ever in production is never written again, so whoever has resolved <c>current</c> reads whole files until that night is pruned.
/// </summary>
public sealed partial class RunNights(string path)
{
    public const string CurrentName = "current", HistoryName = "history.jsonl";

    private const string PrunedPrefix = ".pruned-";

    public string Path { get; } = path;

    public string HistoryPath => System.IO.Path.Combine(Path, HistoryName);

    /// <summary>The relative symbolic link that names the night in production.</summary>
    public string CurrentPath => System.IO.Path.Combine(Path, CurrentName);

    /// <summary>The night in production, by name; null where there is none yet.</summary>
    public string? Production => new FileInfo(CurrentPath).LinkTarget is { } target ? System.IO.Path.GetFileName(target) : null;

    /// <summary>The nights that are there, finished or not, by date and then number.</summary>
    public IReadOnlyList<string> Names => Directory.Exists(Path)
        ? [.. Directory.GetDirectories(Path).Select(directory => System.IO.Path.GetFileName(directory)).Where(IsName).OrderBy(DateOf).ThenBy(NumberOf)]
        : [];

    public string PathOf(string night) => System.IO.Path.Combine(Path, night);

    public bool Exists(string night) => Directory.Exists(PathOf(night));

    /// <summary>The nights that a path is or lies in, the innermost first, by whatever links it leads there. Nothing need be there yet.</summary>
    public static IEnumerable<(RunNights Nights, string Night)> Around(string path)
    {
        string full = System.IO.Path.GetFullPath(path), there = full;
        while (LinuxFiles.RealPath(there) is null && System.IO.Path.GetDirectoryName(there) is { } above) there = above;
        string real = System.IO.Path.Combine(LinuxFiles.RealPath(there) ?? there, System.IO.Path.GetRelativePath(there, full));
        for (string? place = System.IO.Path.GetFullPath(real); place is not null; place = System.IO.Path.GetDirectoryName(place))
        {
            if (System.IO.Path.GetFileName(place) is { } name && IsName(name)) yield return (new RunNights(System.IO.Path.GetDirectoryName(place)!), name);
        }
    }

    /// <summary>Whether it is a date, such as 2026-11-24, or the n-th night of one, such as 2026-11-24-2.</summary>
    public static bool IsName(string name) =>
        Name().IsMatch(name) && DateOnly.TryParseExact(name[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    /// <summary>The n-th night of a date, from 1.</summary>
    public static string NameOf(DateOnly date, int number) => number == 1 ? $"{date:yyyy-MM-dd}" : $"{date:yyyy-MM-dd}-{number}";

    public static DateOnly DateOf(string night) => DateOnly.ParseExact(night[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>
    /// Puts a night into production by one atomic rename: whoever reads <c>current</c> sees the night before or this one, and never neither. What the night
    /// holds is on the disk before that, so that a loss of power cannot leave the link to files that are not.
    /// </summary>
    public void PutInProduction(string night)
    {
        string temporary = System.IO.Path.Combine(Path, $".{CurrentName}.tmp");
        File.Delete(temporary);
        File.CreateSymbolicLink(temporary, night);
        if (RunStore.Of(Path) is { } store) store.PutInProduction(night); // there it counts; here it is a copy
        else LinuxFiles.Sync();
        LinuxFiles.Rename(temporary, CurrentPath);
    }

    /// <summary>Removes a night. Renamed first, so that no half of it stands under its name, however this ends.</summary>
    public void Remove(string night)
    {
        string gone = System.IO.Path.Combine(Path, PrunedPrefix + night);
        if (Directory.Exists(gone)) Directory.Delete(gone, recursive: true);
        RunStore.Of(Path)?.Remove(night);
        StageDirectory.Rename(PathOf(night), gone);
        Directory.Delete(gone, recursive: true);
    }

    /// <summary>Clears away what a removal that was killed left.</summary>
    public void ClearRemoved()
    {
        foreach (string gone in Directory.GetDirectories(Path, PrunedPrefix + "*")) Directory.Delete(gone, recursive: true);
    }

    /// <summary>Which night of its date it is, from 1.</summary>
    public static int NumberOf(string night) => night.Length > 10 ? int.Parse(night[11..], CultureInfo.InvariantCulture) : 1;

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}(-[1-9]\d{0,5})?$")]
    private static partial Regex Name();
}
