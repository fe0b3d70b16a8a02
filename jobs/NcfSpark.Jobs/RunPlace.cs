using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Nightly;
using NcfSpark.Storage;
using NcfSpark.Tuning;

namespace NcfSpark.Jobs;

/// <summary>What --run names, as a directory of this machine: that directory, or the working copy of a run in object storage while it is mounted.</summary>
internal sealed class RunPlace : IDisposable
{
    private static readonly string[] records =
        [RunNights.HistoryName, KeptConfiguration.FileName, TunedRun.UntunedName, NightPages.StateName, NightPages.ReportName];

    private readonly BucketRun? run;

    private RunPlace(string directory, BucketRun? run) => (Directory, this.run) = (directory, run);

    public string Directory { get; }

    /// <param name="given">The value of --run: a directory, a run in object storage, or a night in one.</param>
    /// <param name="settings">Sections Storage and Nightly count.</param>
    /// <param name="writes">Whether to hold it for this process. A directory is not held by this.</param>
    /// <param name="executorsSeeThisMachine">As <see cref="BucketRunOptions.ExecutorsSeeThisMachine"/>.</param>
    /// <exception cref="InvalidInputException">It cannot be reached, or another process writes there.</exception>
    public static RunPlace Open(
        string given, NcfSparkConfiguration settings, bool writes, TimeProvider time, IProgressReporter progress,
        bool executorsSeeThisMachine = true, CancellationToken cancellation = default)
    {
        if (!ObjectPlace.IsMeant(given)) return new RunPlace(given, null);
        ObjectPlace place = ObjectPlace.Parse(given, "--run");
        string name = place.Key[(place.Key.LastIndexOf('/') + 1)..];
        bool isNight = RunNights.IsName(name);
        var objects = new ObjectStore(settings.Storage, time);
        var options = new BucketRunOptions(settings.Storage, writes, settings.Nightly.AssumeSingleWriter, records)
        {
            ExecutorsSeeThisMachine = executorsSeeThisMachine,
        };
        var run = BucketRun.Open(
            objects, isNight ? place with { Key = place.Key[..^name.Length].TrimEnd('/') } : place, options, time, progress, cancellation);
        return new RunPlace(isNight ? Path.Combine(run.Directory, name) : run.Directory, run);
    }

    /// <summary>For a verb without a configuration that only looks: Storage is as the environment says.</summary>
    public static RunPlace Look(string given) => Open(
        given,
        ObjectPlace.IsMeant(given) ? ConfigurationLoader.Load(null, [], Environment.GetEnvironmentVariables()) : new NcfSparkConfiguration(),
        writes: false,
        TimeProvider.System,
        SilentProgress.Instance);

    public void Dispose() => run?.Dispose();
}
