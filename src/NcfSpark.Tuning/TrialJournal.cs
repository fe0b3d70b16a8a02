using System.Text;
using System.Text.Json;

namespace NcfSpark.Tuning;

/// <summary>
/// trials.jsonl: one trial a line, on disk before the next begins, so a search that was killed continues where it was. An incomplete last line is ignored.
/// </summary>
internal sealed class TrialJournal
{
    public const string FileName = "trials.jsonl";

    private static readonly JsonSerializerOptions json = new(JsonSerializerDefaults.Web);
    private readonly string path;
    private readonly List<Trial> trials = [];

    /// <param name="path">The file; it need not be there.</param>
    public TrialJournal(string path)
    {
        this.path = path;
        if (!File.Exists(path)) return;
        byte[] text = File.ReadAllBytes(path);
        int whole = text.AsSpan().LastIndexOf((byte)'\n') + 1;
        foreach (string line in Encoding.UTF8.GetString(text, 0, whole).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            trials.Add(JsonSerializer.Deserialize<Trial>(line, json)!);
        }

        if (whole == text.Length) return;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Write);
        stream.SetLength(whole); // not written anew: a full disk would lose the trials
    }

    /// <summary>A trial that was made before; null for one that is to be made, or was stopped at a shorter limit than this.</summary>
    public Trial? Find(int candidate, int epochs, int seed, TimeSpan limit) =>
        trials.FindLast(trial => (trial.Candidate, trial.Epochs, trial.Seed) == (candidate, epochs, seed)) is { } found
            && !(found.IsTooSlow && found.Seconds < limit.TotalSeconds)
            ? found
            : null;

    public void Add(Trial trial)
    {
        trials.Add(trial);
        using var stream = new FileStream(path, FileMode.Append);
        stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(trial, json) + "\n"));
        stream.Flush(flushToDisk: true);
    }
}
