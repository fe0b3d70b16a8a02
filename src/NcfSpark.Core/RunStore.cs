using System.Collections.Concurrent;

namespace NcfSpark.Core;

/// <summary>
/// A run that lives elsewhere, in object storage, and of which this machine has a working copy that looks like any run directory. While it is mounted at that
/// directory, what is read of a stage is fetched before, and what is written is published after. A run of this machine has no store.
/// </summary>
/// <remarks>
/// Which directory is a working copy of what holds for the whole process, as a mount of the file system would. So whoever reads or writes a run goes on to name
/// directories, and asks <see cref="Of"/> at the few points where something is opened or finished.
/// </remarks>
public abstract class RunStore : IDisposable
{
    private static readonly ConcurrentDictionary<string, RunStore> mounted = new();
    private static readonly ConcurrentDictionary<string, string> places = new(); // of all that were mounted

    /// <param name="directory">The working copy.</param>
    protected RunStore(string directory) => Directory = Path.GetFullPath(directory);

    /// <summary>The working copy: a run directory of this machine that may be deleted when no process uses it.</summary>
    public string Directory { get; }

    /// <summary>Where the run lives, such as s3://bucket/shop.</summary>
    public abstract string Place { get; }

    /// <summary>The store of the working copy that a path is or lies in; null for a path of this machine alone.</summary>
    public static RunStore? Of(string path)
    {
        if (mounted.IsEmpty) return null;
        for (string? at = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)); at is not null; at = Path.GetDirectoryName(at))
        {
            if (mounted.TryGetValue(at, out RunStore? store)) return store;
        }

        return null;
    }

    /// <summary>A text for people, in which places stand where it names working copies.</summary>
    public static string WithPlaces(string text) =>
        places.Aggregate(text, (shown, copy) => shown.Replace(copy.Key, copy.Value, StringComparison.Ordinal));

    /// <summary>From now on a file or directory of this machine, which is a copy of something elsewhere, has that one's name in texts for people.</summary>
    public static void Name(string copy, string place) => places[copy] = place;

    /// <summary>The directory in which the working copy lies that a text names; null where it names none.</summary>
    public static string? DirectoryOfCopy(string text) =>
        places.Keys.FirstOrDefault(copy => text.Contains(copy, StringComparison.Ordinal)) is { } found ? Path.GetDirectoryName(found) : null;

    /// <summary>Fetches files of a published stage, checked by size and SHA-256.</summary>
    /// <param name="stage">Its directory in the working copy, which has the manifest.</param>
    /// <param name="files">Paths within it.</param>
    /// <exception cref="InvalidInputException">The place does not have them as the manifest says.</exception>
    public abstract void Fetch(StageDirectory stage, IReadOnlyList<string> files);

    /// <summary>Publishes a finished stage, unless it is published already: its files first, its manifest last.</summary>
    /// <exception cref="InvalidInputException">Another process holds the run by now, or has published this stage.</exception>
    public abstract void Publish(StageDirectory stage);

    /// <summary>Where Spark's executors reach the files of a stage; null where they see the working copy.</summary>
    /// <param name="stage">Its directory in the working copy.</param>
    /// <param name="version"><see cref="StageDirectory.Version"/>, or that of an attempt which Spark is to write.</param>
    public abstract string? ForSpark(string stage, string version);

    /// <summary>Fetches all that Spark wrote of an attempt, by a listing, which may lag: count the rows.</summary>
    /// <param name="stage">The stage's directory in the working copy.</param>
    /// <param name="to">A directory, in which the files get the names that they have there.</param>
    public abstract void Collect(string stage, string version, string to);

    /// <summary>Saves a file or a directory outside the stages as it is now; one that is gone is deleted.</summary>
    /// <exception cref="InvalidInputException">Another process holds the run by now.</exception>
    public abstract void Save(string path);

    /// <summary>Puts a published night into production by one conditional write.</summary>
    /// <exception cref="InvalidInputException">Another process holds the run by now. Production is what it was, or what that one put there.</exception>
    public abstract void PutInProduction(string night);

    /// <summary>Removes a night, its manifests first, so that no half of it counts as whole.</summary>
    public abstract void Remove(string night);

    /// <summary>Brings the working copy's production up to date.</summary>
    public abstract void Refresh();

    public void Dispose()
    {
        mounted.TryRemove(KeyValuePair.Create(Directory, this));
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);

    /// <summary>Begins to stand for the working copy, until it is disposed.</summary>
    protected void Mount()
    {
        Name(Directory, Place);
        mounted[Directory] = this;
    }
}
