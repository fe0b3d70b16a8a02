using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using NcfSpark.Core;

namespace NcfSpark.Storage;

/// <summary>
/// A run in object storage:
/// <code>
/// s3://bucket/shop/current                                        JSON: the night in production, and where its predictions are (ProductionPointer)
///                  history.jsonl, configuration.json, nights.html, metrics.prom
///                  .lock                                          who writes here (RunLease)
///                  2026-11-24/night.json, report.html, lists/
///                  2026-11-24/model/manifest.json                 written last: the stage is there if and only if this is
///                  2026-11-24/model/1f9c2b7e0a4d5e6f/…            its files, under the first 16 digits of the manifest's SHA-256
///                  2026-11-24/predictions/spark-0a4d5e6f/…        files that Spark wrote, under the name that the manifest's writtenAt gives
/// </code>
/// Files of a stage are never written over by others: another result has another manifest, and so another prefix. Manifests and records are written on the
/// condition that they are what this process last saw there.
/// </summary>
public sealed class BucketRun : RunStore
{
    private const string LockName = ".lock";

    private readonly ObjectStore objects;
    private readonly ObjectPlace place;
    private readonly BucketRunOptions options;
    private readonly TimeProvider time;
    private readonly WorkingCopy copy;
    private readonly ConcurrentDictionary<string, string> eTags = new(); // of manifests and records, by their paths within the run
    private RunLock? held; // of the working copy, by whoever writes
    private RunLease? lease;
    private ProductionPointer production = ProductionPointer.None;
    private string? pointerETag;
    private bool lost;

    private BucketRun(ObjectStore objects, ObjectPlace place, BucketRunOptions options, string directory, TimeProvider time)
        : base(directory)
    {
        (this.objects, this.place, this.options, this.time) = (objects, place, options, time);
        copy = new WorkingCopy(Directory, options.Records);
    }

    public override string Place => place.ToString();

    /// <summary>Mounts a run at its working copy. It lets go of the store when it is disposed.</summary>
    /// <exception cref="InvalidInputException">It cannot be reached, another process writes there, or nobody could tell whether one does.</exception>
    public static BucketRun Open(
        ObjectStore objects, ObjectPlace place, BucketRunOptions options, TimeProvider time, IProgressReporter progress, CancellationToken cancellation)
    {
        string cache = options.Storage.CacheDirectory.Length > 0 ? options.Storage.CacheDirectory : WorkingCopy.DefaultCache;
        string directory = WorkingCopy.PathFor(cache, options.Storage.S3Endpoint, place, options.Writes);
        var run = new BucketRun(objects, place, options, directory, time);
        try
        {
            Make(directory, place);
            run.Mount();
            if (options.Writes) run.Hold(progress, cancellation);
            run.Update(cancellation);
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    public override void Fetch(StageDirectory stage, IReadOnlyList<string> files)
    {
        ObjectPlace version = place.At(VersionOf(stage));
        SideBySide(files, name =>
        {
            StageFile expected = stage.Manifest.Files[name];
            string to = Path.GetFullPath(stage.File(name));
            if (!to.StartsWith(stage.Path + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                throw new InvalidInputException($"{stage.Path}: its {StageManifest.FileName} names a file outside of it, {ShownText.Of(name)}.");
            }

            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            objects.Get(version.At(name), to, expected.Bytes, expected.Sha256);
        });
    }

    public override void Publish(StageDirectory stage)
    {
        string name = copy.NameOf(stage.Path), manifestName = $"{name}/{StageManifest.FileName}";
        if (!WorkingCopy.IsManifest(manifestName)) return; // of a search's trial, which stays here
        byte[] manifest = File.ReadAllBytes(stage.File(StageManifest.FileName));
        CheckHeld();
        StoredBytes? published = eTags.ContainsKey(manifestName) ? objects.Read(place.At(manifestName)) : null;
        if (published is not null && published.Bytes.AsSpan().SequenceEqual(manifest)) return;
        ObjectPlace version = place.At(VersionOf(stage));
        IReadOnlyList<StoredObject> there = objects.List(place.At(name));
        Dictionary<string, long> sent = there.ToDictionary(one => one.Place.Key, one => one.Bytes); // an earlier attempt's, which had the same hashes
        IEnumerable<string> missing = stage.Manifest.Files
            .Where(file => sent.GetValueOrDefault(version.At(file.Key).Key, -1) != file.Value.Bytes)
            .Select(file => file.Key);
        SideBySide([.. missing], file => objects.Put(stage.File(file), version.At(file)));
        CheckHeld();
        Write(manifestName, manifest);
        objects.Delete(there.Select(one => one.Place).Where(one => // of what was there before
            one.Key != place.At(manifestName).Key && !one.Key.StartsWith(version.Prefix, StringComparison.Ordinal)));
    }

    public override string? ForSpark(string stage, string version) =>
        options.ExecutorsSeeThisMachine ? null : place.At($"{copy.NameOf(stage)}/{version}").ForSpark;

    public override void Collect(string stage, string version, string to)
    {
        ObjectPlace from = place.At($"{copy.NameOf(stage)}/{version}");
        Dictionary<string, StoredObject> written = objects.List(from)
            .Where(one => !one.Place.Key[from.Prefix.Length..].Split('/').Any(name => name[0] is '_' or '.')) // Spark's marks, and what its commits left
            .ToDictionary(one => Path.GetFullPath(Path.Combine(to, one.Place.Key[from.Prefix.Length..])));
        foreach (string directory in written.Keys.Select(file => Path.GetDirectoryName(file)!).Distinct()) System.IO.Directory.CreateDirectory(directory);
        SideBySide([.. written.Keys], file => objects.Get(written[file], file));
    }

    public override void Save(string path)
    {
        string name = copy.NameOf(path);
        if (lost) return; // told already; another process saves its own
        CheckHeld();
        if (File.Exists(path))
        {
            Write(name, File.ReadAllBytes(path));
            return;
        }

        string[] files = System.IO.Directory.Exists(path) ? System.IO.Directory.GetFiles(path, "*", SearchOption.AllDirectories) : [];
        SideBySide(files, file => objects.Put(file, place.At(copy.NameOf(file))));
        HashSet<string> kept = [.. files.Select(file => place.At(copy.NameOf(file)).Key)];
        objects.Delete(objects.List(place.At(name)).Select(one => one.Place).Where(one => !kept.Contains(one.Key)).Append(place.At(name)));
        eTags.TryRemove(name, out _);
    }

    public override void PutInProduction(string night)
    {
        CheckHeld();
        StageDirectory[] stages =
        [
            .. System.IO.Directory.GetDirectories(Path.Combine(Directory, night))
                .Where(stage => eTags.ContainsKey($"{copy.NameOf(stage)}/{StageManifest.FileName}"))
                .Select(stage => StageDirectory.Open(Path.Combine(Directory, night), Path.GetFileName(stage), isRead: _ => false)),
        ];
        StageDirectory? predictions = Array.Find(stages, stage => stage.Manifest.Stage == "predictions");
        SetPointer(new ProductionPointer(
            night,
            predictions is null ? null : $"{VersionOf(predictions)}/",
            new SortedDictionary<string, string>(stages.ToDictionary(stage => stage.Manifest.Stage, stage => stage.ManifestSha256), StringComparer.Ordinal),
            time.GetUtcNow(),
            lease?.Token ?? 0));
    }

    public override void Remove(string night)
    {
        CheckHeld();
        ObjectPlace[] all = [.. objects.List(place.At(night)).Select(one => one.Place)];
        objects.Delete(all.Where(one => Counts(NameOf(one)))); // from here on it is no night
        objects.Delete(all.Where(one => !Counts(NameOf(one))));
        foreach (string name in eTags.Keys.Where(name => name.StartsWith($"{night}/", StringComparison.Ordinal)).ToArray()) eTags.TryRemove(name, out _);
    }

    public override void Refresh()
    {
        string? before = pointerETag;
        ReadPointer(CancellationToken.None);
        if (pointerETag != before) Update(CancellationToken.None);
    }

    protected override void Dispose(bool disposing)
    {
        lease?.Dispose();
        held?.Dispose();
        objects.Dispose();
    }

    private static void Make(string directory, ObjectPlace place)
    {
        try
        {
            LinuxFiles.MakePrivateDirectory(directory);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{directory}, the working copy of {place}, cannot be made: {cause.Message} Set Storage:CacheDirectory to a "
                + "directory that this user may write, with room for two nights. Nothing was changed.", cause);
        }
    }

    // Takes the run for this process, and makes sure that no earlier holder can change production any more.
    private void Hold(IProgressReporter progress, CancellationToken cancellation)
    {
        held = RunLock.Take(Directory, time);
        if (options.AssumesSingleWriter) return;
        if (!objects.HasConditionalWrites(place, cancellation))
        {
            throw new InvalidInputException($"{place}: this store ignores the conditions of writes (If-Match, If-None-Match), so two drivers that write to one "
                + "run would not notice each other. Use a store that has them. Or see to it that only one runs at a time, and set "
                + "Nightly:AssumeSingleWriter to true. Nothing was changed.");
        }

        lease = RunLease.Take(objects, place.At(LockName), Place, TimeSpan.FromSeconds(options.Storage.LeaseSeconds), time, progress, cancellation);
        ReadPointer(cancellation);
        if (production.Token > lease.Token) throw Lost();
        SetPointer(production with { Token = lease.Token });
    }

    private void Update(CancellationToken cancellation)
    {
        ReadPointer(cancellation);
        string[] listed = [.. objects.List(place, cancellation: cancellation).Select(one => NameOf(one.Place))];
        HashSet<string> names = [.. listed.Where(Counts), .. options.Records]; // a listing may lag, and what production needs is asked for by name
        if (production is { Night: { } night, Manifests: { } manifests })
        {
            names.UnionWith(manifests.Keys.Select(stage => $"{night}/{stage}/{StageManifest.FileName}"));
            names.UnionWith(options.Records.Select(name => $"{night}/{name}"));
        }

        var there = new ConcurrentDictionary<string, byte[]>();
        eTags.Clear();
        SideBySide([.. names], name =>
        {
            if (objects.Read(place.At(name), cancellation) is not { } read) return; // pruned meanwhile
            (there[name], eTags[name]) = (read.Bytes, read.ETag);
        });
        if (options.Writes) RemoveRest(listed, [.. there.Keys.Select(NightOf)]);
        copy.Update(there, keepsUnpublished: options.Writes);
        copy.SetProduction(production.Night);
    }

    // What a removal that was killed left of nights.
    private void RemoveRest(IEnumerable<string> listed, HashSet<string> nights)
    {
        foreach (IGrouping<string, string> rest in listed.Where(name => RunNights.IsName(NightOf(name)) && !nights.Contains(NightOf(name))).GroupBy(NightOf))
        {
            if (options.Records.All(record => objects.Find(place.At($"{rest.Key}/{record}")) is null)) objects.Delete(rest.Select(place.At));
        }
    }

    private bool Counts(string name) => WorkingCopy.IsManifest(name) || copy.IsRecord(name);

    private static string NightOf(string name) => name.Split('/')[0];

    private void ReadPointer(CancellationToken cancellation)
    {
        ObjectPlace at = place.At(RunNights.CurrentName);
        StoredBytes? read = objects.Read(at, cancellation);
        (production, pointerETag) = read is null ? (ProductionPointer.None, null) : (ProductionPointer.Read(read, at), read.ETag);
    }

    private void SetPointer(ProductionPointer next)
    {
        pointerETag = WriteOver(RunNights.CurrentName, next.ToBytes(), pointerETag) ?? throw Lost();
        production = next;
    }

    private void Write(string name, byte[] bytes) => eTags[name] = WriteOver(name, bytes, eTags.GetValueOrDefault(name)) ?? throw Lost();

    // Null where it is no longer what this process last saw.
    private string? WriteOver(string name, byte[] bytes, string? eTag)
    {
        ObjectPlace at = place.At(name);
        return options.AssumesSingleWriter ? objects.Put(at, bytes) : eTag is null ? objects.PutNew(at, bytes) : objects.Replace(at, bytes, eTag);
    }

    private void CheckHeld()
    {
        if (!options.Writes) throw new InvalidOperationException($"{place} was opened for reading.");
        try
        {
            lease?.Ensure();
        }
        catch (InvalidInputException)
        {
            lost = true;
            throw;
        }
    }

    private InvalidInputException Lost()
    {
        lost = true;
        return new InvalidInputException($"{place} was changed by another process while this one worked there. Production is what that one left. Give the same "
            + "command again once it has ended.");
    }

    private string VersionOf(StageDirectory stage) => $"{copy.NameOf(stage.Path)}/{stage.Version}";

    private string NameOf(ObjectPlace one) => one.Key[place.Prefix.Length..];

    private void SideBySide(IReadOnlyList<string> names, Action<string> work)
    {
        try
        {
            Parallel.ForEach(names, new ParallelOptions { MaxDegreeOfParallelism = options.Storage.Parallel }, work);
        }
        catch (AggregateException several)
        {
            ExceptionDispatchInfo.Throw(several.InnerExceptions.FirstOrDefault(one => one is InvalidInputException) ?? several.InnerExceptions[0]);
        }
    }
}

/// <summary>How a run in object storage is opened.</summary>
/// <param name="Storage">How it is reached, and where working copies lie.</param>
/// <param name="Writes">Whether to hold it for this process, to write there.</param>
/// <param name="AssumesSingleWriter">Whether to write without conditions and without a lease, because the caller sees to it that nobody else writes.</param>
/// <param name="Records">Names of the small files of a run and of its nights that a working copy needs.</param>
public sealed record BucketRunOptions(StorageOptions Storage, bool Writes, bool AssumesSingleWriter, IReadOnlyCollection<string> Records)
{
    /// <summary>Whether Spark's executors read and write the working copy. Else they read and write in the bucket, through s3a.</summary>
    public bool ExecutorsSeeThisMachine { get; init; } = true;
}
