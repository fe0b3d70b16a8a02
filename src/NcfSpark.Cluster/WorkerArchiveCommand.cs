using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Cluster;

/// <summary>`worker-archive [FILE]`: the archive of this program, for images and servers that are to have it beforehand. Prints its path.</summary>
public static class WorkerArchiveCommand
{
    public const string Verb = "worker-archive";

    public static ExitCode Run(string[] arguments, IProgressReporter progress, TextWriter output, TextWriter error)
    {
        try
        {
            if (arguments.Length > 1 || arguments is [['-', ..] or ""])
            {
                throw new InvalidInputException($"{Verb} takes one argument at most, the file to write: {Verb} ncfspark.tar.gz");
            }

            string path = WorkerArchive.Make(WorkerArchive.CacheDirectory, progress, TimeProvider.System).Path;
            if (arguments is [var wanted])
            {
                File.Copy(path, wanted, overwrite: true);
                path = Path.GetFullPath(wanted);
            }

            output.WriteLine(path);
            return ExitCode.Done;
        }
        catch (Exception fault) when (fault is InvalidInputException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine(fault.Message);
            return FileFailure.Of(fault) is { Fault: FileFault.Device } ? ExitCode.Failed : ExitCode.InvalidInput;
        }
    }
}
