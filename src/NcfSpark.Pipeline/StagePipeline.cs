using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Pipeline;

/// <summary>
/// Makes stages in a run directory, and opens what they made. Holds what all stages have in common: the manifest, resuming, the check that the run may be
/// written, times, and summary lines.
/// </summary>
public sealed class StagePipeline(JobContext job)
{
    private readonly SortedDictionary<string, double> seconds = new(StringComparer.Ordinal);
    private StageTimings timings = StageTimings.SinceProcessStart(job.Time);

    /// <summary>Whether a stage's result that is there is opened, and not made again (default: true).</summary>
    public bool Resume { get; init; } = true;

    /// <summary>Whether to name later stages whose results were made from another result of this stage, because nothing makes them again.</summary>
    public bool NamesStaleStages { get; init; }

    /// <summary>How long each stage took that was made, by name.</summary>
    public IReadOnlyDictionary<string, double> Seconds => seconds;

    /// <summary>For a verb that runs one stage by hand: it is made even where it is there.</summary>
    public static StagePipeline ByHand(JobContext job) => new(job) { Resume = false, NamesStaleStages = true };

    /// <summary>Runs a stage, or opens its result, if it is there, whole and made from the same by the same options.</summary>
    /// <exception cref="InvalidInputException">The input is at fault, or the run was in production, so it is read-only.</exception>
    public StageDirectory Make(Stage stage)
    {
        job.Cancellation.ThrowIfCancellationRequested();
        if (Resume && Find(stage) is { } there)
        {
            RunStore.Of(there.Path)?.Publish(there); // a driver that was killed may have made it and not published it
            WriteSummary(there, "was there already");
            return there;
        }

        job.CheckMayWrite(job.RunDirectory);
        timings.Took("checking what is there");
        int parts = timings.Count;
        long began = job.Time.GetTimestamp();
        (string fingerprint, SortedDictionary<string, string> madeFrom) = (stage.Fingerprint, stage.MadeFrom); // before it reads the files
        using var context = new StageContext(job, () => stage.Begin(job)) { Timings = timings };
        StageCounts counts = stage.Run(context);
        StageDirectory made = context.Writer.Publish(new StageManifest
        {
            Stage = stage.Name,
            Fingerprint = fingerprint,
            MadeFrom = madeFrom,
            Configuration = new(stage.Sections.ToDictionary(section => section.Name, section => (JsonNode)SettingsJson.All(section.Value))),
            Seed = stage.Seed,
            Rows = counts.Rows,
            Notes = counts.Notes,
        });
        context.WhenPublished?.Invoke();
        bool wereNoted = timings.Count > parts;
        timings.Took("publishing");
        if (wereNoted) job.Progress.Line($"{StageDirectory.VerbOf(stage.Name)} took {timings}");
        timings = new StageTimings(job.Time);
        double took = job.Time.GetElapsedTime(began).TotalSeconds;
        seconds[stage.Name] = Math.Round(took, 3);
        WriteSummary(made, $"{took:F1} s");
        if (NamesStaleStages) NameStaleStages(made);
        return made;
    }

    /// <summary>The result of a stage if it is there, whole and made from the same by the same options; else null.</summary>
    public StageDirectory? Find(Stage stage) => StageDirectory.OpenIfFinished(job.RunDirectory, stage.Name, stage.Fingerprint);

    /// <summary>
    /// Opens the result of a stage, which must be there, made by the same settings from the same results of earlier stages. Files may have changed since.
    /// </summary>
    /// <exception cref="InvalidInputException">
    /// It is not there, is damaged, or was made from something else; the message says which verb makes it again.
    /// </exception>
    public StageDirectory Open(Stage stage)
    {
        StageDirectory opened = StageDirectory.Open(job.RunDirectory, stage.Name, [.. stage.Inputs.Select(input => input.Directory).OfType<StageDirectory>()]);
        string[] differences = [.. Differences(opened, stage)];
        if (differences.Length == 0) return opened;
        throw new InvalidInputException(
            $"{opened.Path} was made by other settings:\n{string.Join('\n', differences)}\n"
            + $"Run `{StageDirectory.VerbOf(stage.Name)}` again (or `nightly`), or set them as they were.");
    }

    /// <summary>The settings by which a stage's result was made that are not those of the stage, a line each.</summary>
    public static IEnumerable<string> Differences(StageDirectory made, Stage stage) => stage.Sections.SelectMany(one =>
        Differences(one.Name, made.Manifest.Configuration.GetValueOrDefault(one.Name), SettingsJson.ResultShaping(one.Value)));

    private static IEnumerable<string> Differences(string group, JsonNode? before, JsonObject now) => now.SelectMany(setting =>
    {
        (string name, JsonNode? then) = ($"{group}:{setting.Key}", (before as JsonObject)?[setting.Key]);
        if (setting.Value is JsonObject inner && then is JsonObject) return Differences(name, then, inner);
        return JsonNode.DeepEquals(then, setting.Value)
            ? []
            : [$"  {name} was {then?.ToJsonString() ?? "not set"}, the configuration says {setting.Value?.ToJsonString() ?? "nothing"}"];
    });

    /// <summary>Says of each stage of a night that is there what it holds.</summary>
    public void SummarizeWhatIsThere()
    {
        foreach (string stage in Stage.Names.Where(stage => Directory.Exists(Path.Combine(job.RunDirectory, stage))))
        {
            WriteSummary(StageDirectory.Open(job.RunDirectory, stage), "was there already");
        }
    }

    /// <summary>The line that a stage leaves on standard output, and what a reader should know of how it understood its input.</summary>
    public void WriteSummary(StageDirectory result, string remark)
    {
        StageManifest manifest = result.Manifest;
        bool isPrepared = manifest.Stage == PreparedData.StageName;
        string rows = string.Join(", ", manifest.Rows.Where(entry => entry.Value != 0).Select(entry => $"{entry.Key.Replace('_', ' ')} {entry.Value:N0}"));
        string untimed = isPrepared && job.Configuration.Input.TimestampColumn.Length == 0 ? "; no times, so held out by a hash" : "";
        job.Output.WriteLine($"{manifest.Stage}: {rows}{untimed} ({remark}) → {result.Path}");
        if (isPrepared) return; // its notes are written while the log is read
        foreach (string note in manifest.Notes.Values) job.Output.WriteLine(note);
    }

    private void NameStaleStages(StageDirectory made)
    {
        string[] stale = [.. Stage.Names.Where(IsStale)];
        if (stale.Length == 0) return;
        string directories = string.Join(", ", stale.Select(stage => $"{stage}/"));
        string verbs = string.Join(", ", stale.Select(stage => $"`{StageDirectory.VerbOf(stage)}`").Distinct());
        (string were, string them) = stale.Length == 1 ? ("was", "it") : ("were", "them");
        job.Progress.Line($"{directories} in {job.RunDirectory} {were} made from another {made.Manifest.Stage}/ than this; to make {them} again: {verbs}.");

        bool IsStale(string stage) => MadeFromOf(stage)?.GetValueOrDefault(made.Manifest.Stage) is { } from && from != made.Manifest.Fingerprint;
    }

    private SortedDictionary<string, string>? MadeFromOf(string stage)
    {
        try
        {
            return StageDirectory.Open(job.RunDirectory, stage, isRead: _ => false).Manifest.MadeFrom;
        }
        catch (InvalidInputException)
        {
            return null; // not there
        }
    }
}
