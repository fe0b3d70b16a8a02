using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Pipeline;

/// <summary>
/// Makes one directory of a run. A stage is a value: it is constructed with what it reads, and knows the fingerprint of its result before that is there. Only
/// <see cref="StagePipeline.Make"/> runs it; stages never call each other.
/// </summary>
public abstract class Stage
{
    public const string Report = "report", Refit = "refit", Predictions = "predictions";

    /// <summary>The stages of a night, in the order in which it runs them.</summary>
    public static IReadOnlyList<string> Names { get; } = [PreparedData.StageName, TrainedModel.StageName, Report, Refit, ServedBaseline.StageName, Predictions];

    /// <summary>The stages that may hold the model that a night serves; of those that are there, the first does.</summary>
    public static IReadOnlyList<string> OfServedModel { get; } = [ServedBaseline.StageName, Refit, TrainedModel.StageName];

    /// <summary>Its name, which is that of its directory.</summary>
    public abstract string Name { get; }

    /// <summary>What it is made from.</summary>
    public abstract IReadOnlyList<Artifact> Inputs { get; }

    /// <summary>
    /// Settings that shape its result, by name: sections, which the manifest records, and JSON values, which only count for the fingerprint.
    /// </summary>
    public abstract IReadOnlyList<(string Name, object Value)> Options { get; }

    public abstract long Seed { get; }

    /// <summary>Fingerprints and hashes of what it is made from, by name.</summary>
    public SortedDictionary<string, string> MadeFrom => HashesOf(Inputs);

    /// <summary>The sections among its options.</summary>
    public IEnumerable<(string Name, object Value)> Sections => Options.Where(option => option.Value is not JsonNode);

    /// <summary>Names the result before it is there: equal fingerprints mean equal content. Files are read for it at most once.</summary>
    public string Fingerprint => FingerprintOf(Name, Inputs, Options);

    /// <summary>Writes the result into the context's directory. Nothing of it counts if this throws.</summary>
    public abstract StageCounts Run(StageContext context);

    /// <summary>Begins the directory that it writes to.</summary>
    public virtual IStageWriter Begin(JobContext job) => StageWriter.Begin(job.RunDirectory, Name);

    /// <summary>The fingerprint of what is made from these inputs by these options: a stage's result, a whole night, a trial of a search.</summary>
    public static string FingerprintOf(string name, IEnumerable<Artifact> inputs, IEnumerable<(string Name, object Value)> options) =>
        StageManifest.FingerprintOf(
            name,
            HashesOf(inputs),
            new(options.ToDictionary(option => option.Name, option => option.Value as JsonNode ?? SettingsJson.ResultShaping(option.Value))));

    private static SortedDictionary<string, string> HashesOf(IEnumerable<Artifact> inputs) =>
        new(inputs.ToDictionary(input => input.Name, input => input.Hash), StringComparer.Ordinal);
}

/// <summary>What a stage is made from: the result of another stage, or a file.</summary>
public sealed class Artifact
{
    private readonly Lazy<string> hash;

    private Artifact(string name, StageDirectory? directory, Func<string> hash) => (Name, Directory, this.hash) = (name, directory, new(hash));

    /// <summary>What it is to the stage, such as "prepared" or "deny_list".</summary>
    public string Name { get; }

    /// <summary>The result that it is; null for a file.</summary>
    public StageDirectory? Directory { get; }

    /// <summary>The result's fingerprint, or the hash of the file's content when it was first asked for.</summary>
    public string Hash => hash.Value;

    /// <param name="name">The input's name, if it is not the stage's.</param>
    public static Artifact Of(StageDirectory directory, string? name = null) =>
        new(name ?? directory.Manifest.Stage, directory, () => directory.Manifest.Fingerprint);

    public static Artifact File(string name, Func<string> hash) => new(name, null, hash);
}

/// <summary>What a stage has while it runs.</summary>
public sealed class StageContext(JobContext job, Func<IStageWriter> begin) : IDisposable
{
    private IStageWriter? writer;

    public JobContext Job { get; } = job;

    /// <summary>Where the result is written to, begun when it is first asked for.</summary>
    public IStageWriter Writer => writer ??= begin();

    /// <summary>Notes how long parts of the stage take.</summary>
    public required StageTimings Timings { get; init; }

    /// <summary>What to do once the result is published, such as to delete checkpoints.</summary>
    public Action? WhenPublished { get; set; }

    public void Dispose() => writer?.Dispose();
}
