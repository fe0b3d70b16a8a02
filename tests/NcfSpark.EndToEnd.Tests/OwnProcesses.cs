using System.Diagnostics;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>Processes that a test started, or what it started did: they are looked at and ended by their ids, never by a name.</summary>
internal static class OwnProcesses
{
    // By /proc: "4242 (a name) S parent …".
    public static int[] ChildrenOf(int parent) => [.. All().Where(process => FieldsOf(process) is [not "Z", { } of, ..] && of == $"{parent}")];

    /// <summary>A process and all below it, parents before their children.</summary>
    public static int[] TreeOf(int process) => [process, .. ChildrenOf(process).SelectMany(TreeOf)];

    /// <summary>Those with this among the words of their command lines, and this variable in the environment that they were started with.</summary>
    public static int[] WithWord(string word, string variable) =>
        [.. All().Where(process => WordsOf(process, "cmdline").Contains(word) && WordsOf(process, "environ").Contains(variable) && !IsGone(process))];

    public static bool IsGone(int process) => FieldsOf(process) is [] or ["Z", ..];

    public static void Kill(int process)
    {
        try
        {
            using var one = Process.GetProcessById(process);
            one.Kill();
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    /// <summary>Such as STOP and CONT. One that has ended is let be.</summary>
    public static void Signal(string name, int process)
    {
        using Process kill = Process.Start(new ProcessStartInfo("kill", [$"-{name}", $"{process}"]) { RedirectStandardError = true })!;
        kill.WaitForExit();
    }

    public static bool Eventually(Func<bool> holds, TimeSpan longest)
    {
        long started = Stopwatch.GetTimestamp();
        while (!holds())
        {
            if (Stopwatch.GetElapsedTime(started) > longest) return false;
            Thread.Sleep(20);
        }

        return true;
    }

    private static IEnumerable<int> All() =>
        Directory.GetDirectories("/proc").Select(path => int.TryParse(Path.GetFileName(path), out int id) ? id : 0).Where(id => id > 0);

    private static string[] FieldsOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static string[] WordsOf(int process, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/{file}").Split('\0');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return []; // it has just ended, or is another user's
        }
    }
}
