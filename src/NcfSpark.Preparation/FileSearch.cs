using System.Text;
using System.Text.RegularExpressions;
using NcfSpark.Core;

namespace NcfSpark.Preparation;

/// <summary>
/// Finds the files that a path with wildcards, or a folder, stands for. What begins with a dot or an underscore is a
/// note of the tools that write folders (_SUCCESS, .part-0.crc) and is passed over. A file or a folder is met once,
/// however many links lead to it, so a link to a folder above ends nowhere.
/// </summary>
internal static class FileSearch
{
    private static readonly char[] Wildcards = ['*', '?', '['];

    /// <summary>All files below a folder, in the order of their paths.</summary>
    public static string[] Below(string folder)
    {
        var found = new List<string>();
        var visited = new HashSet<string>(StringComparer.Ordinal);
        var folders = new Queue<string>([folder]);
        var links = new Queue<string>(); // after all that is really there, so that a file has the path that it has without links
        while (folders.TryDequeue(out string? next) || links.TryDequeue(out next))
        {
            string real = RealPath(next);
            if (!visited.Add(real)) continue;
            foreach (FileSystemInfo entry in Entries(next))
            {
                bool isFolder = (entry.Attributes & FileAttributes.Directory) != 0, isLink = entry.LinkTarget is not null;
                if (isFolder) (isLink ? links : folders).Enqueue(entry.FullName);
                else found.Add(entry.FullName);
            }
        }

        return WithoutTwins(found);
    }

    /// <summary>
    /// The files that a path with wildcards names; where it names folders only, the files in those. Each part of the
    /// path that is there under exactly that name is taken as it stands. Wildcards are *, ?, [abc], [a-z], [!a], and **
    /// for any number of folders.
    /// </summary>
    public static string[] Matching(string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string[] places = [.. Expand("/", parts, 0).Distinct()];
        string[] files = [.. places.Where(File.Exists)];
        return files.Length > 0 ? WithoutTwins(files) : WithoutTwins(places.Where(Directory.Exists).SelectMany(Below));
    }

    /// <summary>The first folder above the first part that is not there under exactly its name.</summary>
    public static string RootOf(string path)
    {
        string folder = path;
        while (folder != "/" && !Directory.Exists(folder)) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }

    public static bool HasWildcards(string path) => path.IndexOfAny(Wildcards) >= 0;

    private static IEnumerable<string> Expand(string folder, string[] parts, int index)
    {
        if (index == parts.Length) return [folder];
        string part = parts[index], place = Path.Combine(folder, part);
        if (Path.Exists(place)) return Expand(place, parts, index + 1);
        if (!Directory.Exists(folder) || !HasWildcards(part)) return [];
        if (part == "**")
        {
            IEnumerable<string> folders = Below(folder).Select(file => Path.GetDirectoryName(file)!).SelectMany(inner => UpTo(folder, inner)).Append(folder)
                .Distinct();
            return folders.SelectMany(inner => Expand(inner, parts, index + 1));
        }

        Regex pattern = FromGlob(part);
        return Entries(folder).Where(entry => pattern.IsMatch(entry.Name)).SelectMany(entry => Expand(entry.FullName, parts, index + 1));
    }

    private static IEnumerable<string> UpTo(string top, string folder)
    {
        for (string at = folder; at.Length > top.Length; at = Path.GetDirectoryName(at)!) yield return at;
    }

    private static IEnumerable<FileSystemInfo> Entries(string folder) => new DirectoryInfo(folder).EnumerateFileSystemInfos()
        .Where(entry => entry.Name[0] is not ('.' or '_')).OrderBy(entry => entry.Name, StringComparer.Ordinal);

    private static string[] WithoutTwins(IEnumerable<string> files) =>
        [.. files.GroupBy(RealPath).Select(twins => twins.OrderBy(path => path != twins.Key).ThenBy(path => path, StringComparer.Ordinal).First())
            .Order(StringComparer.Ordinal)];

    /// <summary>The path without links; as it is where a link in it leads nowhere.</summary>
    private static string RealPath(string path) => LinuxFiles.RealPath(path) ?? path;

    private static Regex FromGlob(string glob)
    {
        var pattern = new StringBuilder("^");
        for (int i = 0; i < glob.Length; i++)
        {
            int close;
            if (glob[i] == '*') pattern.Append(".*");
            else if (glob[i] == '?') pattern.Append('.');
            else if (glob[i] == '[' && (close = glob.IndexOf(']', i + 2)) > 0) (_, i) = (pattern.Append(ClassOf(glob[(i + 1)..close])), close);
            else pattern.Append(Regex.Escape(glob[i].ToString()));
        }

        return new Regex(pattern.Append("\\z").ToString(), RegexOptions.CultureInvariant | RegexOptions.Singleline);
    }

    private static string ClassOf(string letters)
    {
        bool others = letters[0] is '!' or '^';
        string escaped = letters[(others ? 1 : 0)..].Replace("\\", "\\\\", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal);
        return $"[{(others ? "^" : "")}{escaped}]";
    }
}
