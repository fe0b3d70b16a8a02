using System.Text.Json.Nodes;
using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.EndToEnd.Tests.Nights;

/// <summary>
/// Watches a run directory as a reader of predictions would, all the time: what `current` names is there, is whole to
/// the last byte, and was approved. From when something is in production, something always is.
/// </summary>
internal sealed class PointerWatch : IDisposable
{
    private readonly RunNights nights;
    private readonly Thread thread;
    private readonly List<string> faults = [];
    private volatile bool stop;

    public PointerWatch(string runDirectory)
    {
        nights = new RunNights(runDirectory);
        thread = new Thread(Watch) { IsBackground = true };
        thread.Start();
    }

    /// <summary>The nights that were seen in production, each time that it changed.</summary>
    public List<string> Seen { get; } = [];

    public long Looks { get; private set; }

    /// <summary>Ends watching, and tells what was wrong.</summary>
    public IReadOnlyList<string> Faults()
    {
        Dispose();
        return faults;
    }

    public void Dispose()
    {
        stop = true;
        thread.Join();
    }

    private void Watch()
    {
        while (!stop)
        {
            Looks++;
            Look();
            Thread.Sleep(1);
        }
    }

    private void Look()
    {
        string? night = nights.Production;
        if (night is null)
        {
            if (Seen.Count > 0) faults.Add($"nothing was in production after {Seen[^1]}");
            return;
        }

        if (!File.Exists(Path.Combine(nights.CurrentPath, "predictions", StageManifest.FileName)))
        {
            faults.Add($"{night} was in production and had no predictions");
        }

        if (Seen.Count > 0 && Seen[^1] == night) return;
        Seen.Add(night);
        try
        {
            foreach (string stage in new[] { "prepared", "model", "report", "refit", "predictions" }) StageDirectory.Open(nights.PathOf(night), stage);
            JsonNode state = JsonNode.Parse(File.ReadAllText(Path.Combine(nights.PathOf(night), "night.json")))!;
            if (state["approval"] is null) faults.Add($"{night} was in production and nobody had approved it");
        }
        catch (InvalidInputException half)
        {
            faults.Add($"{night} was in production and not whole: {half.Message}");
        }
    }
}
