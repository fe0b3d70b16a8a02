namespace NcfSpark.Data;

/// <summary>Holds a run directory for one process. The operating system lets go of it when the process ends, however it ends.</summary>
public sealed class RunLock : IDisposable
{
    private readonly FileStream file;

    private RunLock(FileStream file) => this.file = file;

    /// <exception cref="InvalidInputException">Another process holds the run directory, or it cannot be written.</exception>
    public static RunLock Take(string runDirectory)
    {
        string path = Path.Combine(runDirectory, ".lock");
        try
        {
            Directory.CreateDirectory(runDirectory);
            return new RunLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException cause)
        {
            throw new InvalidInputException($"{runDirectory} cannot be written: {cause.Message} Choose another run directory with --run, or mend its permissions.", cause);
        }
        catch (IOException cause) when (File.Exists(path))
        {
            throw new InvalidInputException($"{runDirectory} is in use by another NcfSpark process ({cause.Message}) Wait for it to end, or choose another run directory with --run.", cause);
        }
        catch (IOException cause)
        {
            throw new InvalidInputException($"{runDirectory} cannot be written: {cause.Message} Choose another run directory with --run.", cause);
        }
    }

    public void Dispose() => file.Dispose();
}
