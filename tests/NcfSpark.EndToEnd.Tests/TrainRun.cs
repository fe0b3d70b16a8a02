using System.Diagnostics;
using System.Security.Cryptography;
using NcfSpark.Configuration;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>A `train` by several workers, with an eye on those that are its child processes.</summary>
internal sealed class TrainRun : IDisposable
{
    /// <summary>So long anything may take that takes no time: the machine may be busy.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(20);

    private readonly List<string> said = [];

    public TrainRun(params string[] arguments)
        : this(NcfSparkProcess.Repository, arguments)
    {
    }

    private TrainRun(string directory, string[] arguments)
    {
        Process = NcfSparkProcess.Start("dotnet", [NcfSparkProcess.Assembly, "train", .. arguments], directory);
        Process.OutputDataReceived += (_, line) => Keep(line.Data);
        Process.ErrorDataReceived += (_, line) => Keep(line.Data);
        Process.BeginOutputReadLine();
        Process.BeginErrorReadLine();
    }

    /// <summary>One that is started in another directory than the repository's root.</summary>
    public static TrainRun StartedIn(string directory, string[] arguments) => new(directory, arguments);

    public Process Process { get; }

    /// <summary>All that it wrote so far.</summary>
    public string Said
    {
        get
        {
            lock (said) return string.Join('\n', said);
        }
    }

    /// <summary>The processes of its workers.</summary>
    public int[] Workers => OwnProcesses.ChildrenOf(Process.Id);

    /// <summary>Waits until so many workers are there, or the run is over.</summary>
    public int[] WaitForWorkers(int count)
    {
        int[] workers = [];
        Assert.True(OwnProcesses.Eventually(() => (workers = Workers).Length == count || Process.HasExited, Longest), Said);
        return workers;
    }

    /// <summary>Waits until it has said something so often.</summary>
    public void WaitFor(string words, int times = 1) =>
        Assert.True(OwnProcesses.Eventually(() => Said.Split(words).Length > times || Process.HasExited, Longest), $"It did not say \"{words}\":\n{Said}");

    /// <summary>Waits for its end.</summary>
    public int WaitForExit()
    {
        Assert.True(Process.WaitForExit(Longest), $"It did not end:\n{Said}");
        Process.WaitForExit(); // and for its last lines
        return Process.ExitCode;
    }

    public void Dispose()
    {
        if (!Process.HasExited) Process.Kill(entireProcessTree: true);
        Process.Dispose();
    }

    /// <summary>The bytes of a run's model, as hashes by file.</summary>
    public static string ModelHash(RunDirectory run) =>
        string.Join('\n', Directory.GetFiles(run.File("model"), "*.safetensors", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(file => $"{Path.GetRelativePath(run.Path, file)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}"));

    private void Keep(string? line)
    {
        lock (said) said.Add(line ?? "");
    }
}
