using System.Diagnostics.CodeAnalysis;
using System.Text;
using NcfSpark.Core;
using NcfSpark.Storage;

namespace NcfSpark.Preparation;

/// <summary>
/// Files of object storage that settings name (s3://bucket/key), as files of this machine, for what runs within its scope. A scratch folder mirrors buckets
/// and keys: first as empty files, so that files, folders and wildcards are found by the rules of this machine; then those that are read are fetched, each
/// once as long as it does not change. Messages name them as the settings do, which is a matter of one replacement.
/// </summary>
public sealed class FetchedInputs : IDisposable
{
    private const int LongestName = 210; // bytes; most file systems have 255, of which a name that is being fetched needs 40
    private const int FilesAtOnce = 4; // a large one is fetched in parts side by side besides

    private static readonly AsyncLocal<FetchedInputs?> current = new();

    private readonly IProgressReporter progress;
    private readonly TimeProvider time;
    private readonly CancellationToken cancellation;
    private readonly FetchedInputs? outer = current.Value;
    private readonly Dictionary<string, StoredObject> mirrored = []; // by the path of the file
    private readonly HashSet<string> fetched = [];                   // such paths
    private readonly ScratchFolder scratch = new();
    private ObjectStore? store;
    private bool isUsed;

    private FetchedInputs(IProgressReporter progress, TimeProvider time, CancellationToken cancellation) =>
        (this.progress, this.time, this.cancellation) = (progress, time, cancellation);

    /// <summary>How the storage is reached.</summary>
    public StorageOptions Options
    {
        get;
        set
        {
            if (field == value) return;
            field = value;
            store?.Dispose();
            store = null;
        }
    }
    = new();

    /// <summary>Whether the log and the held-out rows are fetched, too (default), or left to Spark, which reads such places itself.</summary>
    public bool OfLogs { get; set; } = true;

    /// <summary>
    /// Begins a scope, which ends when the result is disposed, with all that was fetched. Nothing is made or asked before a setting names a place.
    /// </summary>
    public static FetchedInputs Begin(IProgressReporter progress, TimeProvider time, CancellationToken cancellation) =>
        current.Value = new FetchedInputs(progress, time, cancellation);

    /// <summary>Whether a path names files that are fetched.</summary>
    internal static bool IsFetched(string given) => current.Value is not null && ObjectPlace.IsMeant(given);

    /// <summary>Whether the path of a log names files that are fetched; if not, Spark reads it.</summary>
    internal static bool IsFetchedLog(string given) => IsFetched(given) && current.Value!.OfLogs;

    /// <summary>
    /// The files that a setting names. What is fetched has its path on this machine and, in <see cref="InputFiles.Originals"/>, its own name.
    /// </summary>
    /// <param name="find">Finds them on this machine: of the path that is to be looked at, and what has to be done with the files that were found.</param>
    internal static InputFiles Find(string given, string setting, Func<string, Action<IEnumerable<string>>, InputFiles> find)
    {
        if (!IsFetched(given)) return find(given, _ => { });
        FetchedInputs inputs = current.Value!;
        lock (inputs.mirrored)
        {
            try
            {
                InputFiles files = find(inputs.Mirrored(given, setting), inputs.Fetch);
                return files with { Given = given, Originals = [.. files.Paths.Select(path => inputs.Named(path))] };
            }
            catch (InvalidInputException fault)
            {
                throw inputs.Named(fault);
            }
        }
    }

    /// <summary>A file that the command line names, as one of this machine. In messages it keeps its name.</summary>
    /// <param name="what">What names it, such as "--config".</param>
    /// <exception cref="InvalidInputException">It is a place in object storage where nothing is.</exception>
    public string File(string given, string what)
    {
        if (!ObjectPlace.IsMeant(given)) return given;
        lock (mirrored)
        {
            string path = Mirrored(given, what);
            if (!mirrored.ContainsKey(path)) throw new InvalidInputException($"{what} {given} is not there.");
            Fetch([path]);
            RunStore.Name(path, given);
            return path;
        }
    }

    /// <summary>A text in which paths of the scratch folder have their own names.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public string? Named(string? text) => isUsed ? text?.Replace($"{scratch.Path}/", "s3://", StringComparison.Ordinal) : text;

    public void Dispose()
    {
        current.Value = outer;
        store?.Dispose();
        scratch.Dispose();
    }

    private InvalidInputException Named(InvalidInputException fault) => new(Named(fault.Message), fault);

    // The path in the scratch folder that stands for what is given, with all that could be meant by it beside it.
    private string Mirrored(string given, string setting)
    {
        var place = ObjectPlace.Parse(given, setting);
        store ??= new ObjectStore(Options, time);
        isUsed = true;
        string path = PathOf(place);
        if (place.Key.Length > 0 && !given.EndsWith('/') && store.Find(place, cancellation) is { } file)
        {
            Mirror([file]);
            return path;
        }

        IReadOnlyList<StoredObject> below = store.List(place, cancellation: cancellation);
        if (below.Count == 0 && FileSearch.HasWildcards(place.Key))
        {
            string[] parts = place.Key.Split('/');
            int at = Array.FindIndex(parts, FileSearch.HasWildcards);
            ObjectPlace folder = place with { Key = string.Join('/', parts[..at]) };
            below = store.List(folder, parts[at][..parts[at].AsSpan().IndexOfAny('*', '?', '[')], cancellation);
            Directory.CreateDirectory(PathOf(folder));
        }

        Mirror(below);
        if (below.Count == 0) MirrorNamesBeside(place);
        return path;
    }

    // For the message that says what there is instead.
    private void MirrorNamesBeside(ObjectPlace place)
    {
        ObjectPlace folder = place with { Key = place.Key.Contains('/', StringComparison.Ordinal) ? place.Key[..place.Key.LastIndexOf('/')] : "" };
        foreach (string name in store!.Names(folder, cancellation))
        {
            string path = Path.Combine(PathOf(folder), name.TrimEnd('/'));
            Directory.CreateDirectory(name.EndsWith('/') ? path : Path.GetDirectoryName(path)!);
            if (!Path.Exists(path)) System.IO.File.Create(path).Dispose();
        }
    }

    private void Mirror(IReadOnlyList<StoredObject> objects)
    {
        foreach (StoredObject one in objects)
        {
            string path = PathOf(one.Place);
            if (mirrored.TryGetValue(path, out StoredObject? known) && known.ETag == one.ETag) continue;
            string[] names = one.Place.Key.Split('/');
            if (Array.Exists(names, name => name is "" or "." or ".." || Encoding.UTF8.GetByteCount(name) > LongestName))
            {
                throw new InvalidInputException(
                    $"{one.Place} has a key that no file of this machine can have. Name the other files, by a pattern, or rename it.");
            }

            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                System.IO.File.Create(path).Dispose();
            }
            catch (Exception taken) when (taken is UnauthorizedAccessException || (taken is IOException && FileFailure.Of(taken)?.Fault is not FileFault.Full))
            {
                throw new InvalidInputException($"{one.Place} is an object and a folder at once, or something above it is, which no folder of this machine can "
                    + "be. Name the files, by a pattern, or rename one.", taken);
            }

            mirrored[path] = one;
            fetched.Remove(path);
        }
    }

    private void Fetch(IEnumerable<string> paths)
    {
        string[] missing = [.. paths.Where(path => !fetched.Contains(path) && mirrored.GetValueOrDefault(path) is { Bytes: > 0 })];
        if (missing.Length == 0) return;
        long bytes = missing.Sum(path => mirrored[path].Bytes);
        string what = missing.Length == 1 ? Named(missing[0]) : $"{missing.Length:N0} files of {Named(Path.GetDirectoryName(missing[0]))}";
        progress.Line($"Fetching {what} ({bytes / 1e6:N1} MB) ...");
        Parallel.ForEach(
            missing,
            new ParallelOptions { MaxDegreeOfParallelism = FilesAtOnce, CancellationToken = cancellation },
            path => store!.Get(mirrored[path], path, cancellation));
        fetched.UnionWith(missing);
    }

    private string PathOf(ObjectPlace place) => Path.Combine(scratch.Path, place.Bucket, place.Key);
}
