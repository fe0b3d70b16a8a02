namespace NcfSpark.Jobs.Tests;

/// <summary>The working tree that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string File(string path) => Path.Combine(Root, path);

    /// <summary>Tracked kinds of files below src, jobs and tests, without what builds made.</summary>
    public static IEnumerable<string> Files(string pattern) => new[] { "src", "jobs", "tests" }
        .SelectMany(folder => Directory.GetFiles(File(folder), pattern, SearchOption.AllDirectories))
        .Where(path => !path.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));

    private static string Find(string folder) =>
        System.IO.File.Exists(Path.Combine(folder, "NcfSpark.sln")) ? folder : Find(Path.GetDirectoryName(folder)!);
}
