using System.Text.Json;

namespace NcfSpark.Core;

/// <summary>
/// Holds a run directory for one process. The operating system lets go of it when the process ends, however it ends. Who holds it stands in a file beside
/// it, since the lock itself cannot be read meanwhile. A run directory that was made for the lock, and in which nothing came to stand, goes with it.
/// </summary>
public sealed class RunLock : IDisposable
{
    private const int WouldBlock = 11, SharingViolation = unchecked((int)0x80070020); // errno EWOULDBLOCK of flock(2) on Linux; Windows

    private readonly FileStream file;
    private readonly string holderPath;
    private readonly IReadOnlyList<string> made; // directories, the innermost first

    private RunLock(FileStream file, string holderPath, IReadOnlyList<string> made) => (this.file, this.holderPath, this.made) = (file, holderPath, made);

    /// <param name="runDirectory">What to hold.</param>
    /// <param name="time">Says since when, for others.</param>
    /// <param name="isNight">Whether it is a night in a run directory, which has the modes that the umask gives. A run directory is its owner's alone.</param>
    /// <exception cref="InvalidInputException">Another process holds the run directory, or it cannot be written.</exception>
    public static RunLock Take(string runDirectory, TimeProvider? time = null, bool isNight = false)
    {
        string path = Path.Combine(runDirectory, ".lock"), holderPath = Path.Combine(runDirectory, ".lock-holder");
        try
        {
            string[] made = [.. NotThereYet(runDirectory)];
            if (isNight) Directory.CreateDirectory(runDirectory);
            else LinuxFiles.MakePrivateDirectory(runDirectory);
            var held = new RunLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None), holderPath, made);
            held.Tell(new Holder(Environment.ProcessId, Environment.MachineName, (time ?? TimeProvider.System).GetUtcNow()));
            return held;
        }
        catch (IOException cause) when (cause.HResult is WouldBlock or SharingViolation)
        {
            throw new InvalidInputException($"{runDirectory} is in use by another NcfSpark process{WhoHolds(holderPath)}. "
                + "Wait for it to end, or choose another run directory with --run. Nothing was changed.", cause);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw FileFailure.CannotWrite(runDirectory, cause);
        }
    }

    public void Dispose()
    {
        DeleteHolder();
        if (made.Count > 0) TakeBack();
        file.Dispose();
    }

    // What is left says who held it last, and is written anew by who holds it next.
    private void DeleteHolder()
    {
        try
        {
            File.Delete(holderPath);
        }
        catch (Exception left) when (left is IOException or UnauthorizedAccessException)
        {
            // The disk fails by now: the verb has ended, and how is told already.
        }
    }

    private void TakeBack()
    {
        try
        {
            if (Directory.EnumerateFileSystemEntries(made[0]).Any(entry => entry != file.Name)) return;
            File.Delete(file.Name);
            foreach (string directory in made) Directory.Delete(directory);
        }
        catch (Exception left) when (left is IOException or UnauthorizedAccessException)
        {
            // Somebody has just put something there, or the disk fails.
        }
    }

    private static IEnumerable<string> NotThereYet(string directory)
    {
        for (string? path = Path.GetFullPath(directory); path is not null && !Directory.Exists(path); path = Path.GetDirectoryName(path)) yield return path;
    }

    // A courtesy: on a full disk the lock holds without it.
    private void Tell(Holder holder)
    {
        try
        {
            File.WriteAllBytes(holderPath, JsonSerializer.SerializeToUtf8Bytes(holder));
        }
        catch (Exception left) when (left is IOException or UnauthorizedAccessException)
        {
            DeleteHolder();
        }
    }

    private static string WhoHolds(string holderPath)
    {
        try
        {
            var holder = JsonSerializer.Deserialize<Holder>(File.ReadAllBytes(holderPath))!;
            return $": process {holder.Process} on {holder.Host}, since {holder.Since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC";
        }
        catch (Exception unknown) when (unknown is IOException or JsonException or UnauthorizedAccessException)
        {
            return ""; // it is just writing that, or ended meanwhile
        }
    }

    private sealed record Holder(int Process, string Host, DateTimeOffset Since);
}
