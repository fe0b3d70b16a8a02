using System.Text.Json;

namespace NcfSpark.TestLogger;

/// <summary>Numbers of tests, and how many were skipped for which reason.</summary>
internal sealed record Totals(int Passed, int Failed, Dictionary<string, int> Skips)
{
    public string Line => $"{Passed} passed, {Failed} failed, {Skips.Values.Sum()} skipped";

    /// <summary>Adds a project's to those of the projects that ended before it.</summary>
    /// <param name="path">What the processes of one `dotnet test` share. It goes with the last project.</param>
    /// <param name="session">Says which `dotnet test` it is: what another left there, in which a project did not build, is not counted.</param>
    /// <returns>All of them after the last project; null before.</returns>
    public static Totals? Add(string path, string session, int projects, Totals mine)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using FileStream file = Alone(path);
        Shared shared = file.Length > 0 && JsonSerializer.Deserialize<Shared>(file) is { } there && there.Session == session
            ? there
            : new Shared(session, 0, new Totals(0, 0, []));
        shared = new Shared(session, shared.Projects + 1, shared.Totals.With(mine));
        file.SetLength(0);
        if (shared.Projects < projects)
        {
            JsonSerializer.Serialize(file, shared);
            return null;
        }

        return shared.Totals;
    }

    private Totals With(Totals other)
    {
        var skips = new Dictionary<string, int>(Skips);
        foreach ((string reason, int count) in other.Skips) skips[reason] = skips.GetValueOrDefault(reason) + count;
        return new Totals(Passed + other.Passed, Failed + other.Failed, skips);
    }

    // Another project may have it, for as long as it takes to add a few numbers.
    private static FileStream Alone(string path)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                Thread.Sleep(10);
            }
        }
    }

    private sealed record Shared(string Session, int Projects, Totals Totals);
}
