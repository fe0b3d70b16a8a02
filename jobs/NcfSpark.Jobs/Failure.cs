using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Storage;
using NcfSpark.Training;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Jobs;

/// <summary>Turns what went wrong into a message and an exit code.</summary>
internal static class Failure
{
    /// <summary>Runs a verb that needs neither a configuration nor the lock of a run directory.</summary>
    public static ExitCode CodeOf(string verb, Action run, TextWriter error)
    {
        try
        {
            run();
            return ExitCode.Done;
        }
#pragma warning disable CA1031 // every failure becomes an exit code
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return Tell(failure, verb, message => message, error);
        }
    }

    /// <param name="verb">The verb that failed.</param>
    /// <param name="told">What a message about the input becomes before it is shown.</param>
    public static ExitCode Tell(Exception failure, string verb, Func<string, string> told, TextWriter error)
    {
        switch (failure)
        {
            case InvalidInputException:
                error.WriteLine(told(failure.Message));
                return FileFailure.Of(failure) is { Fault: FileFault.Device } ? ExitCode.Failed : ExitCode.InvalidInput; // the disk may be at fault
            case TrainingDivergedException or WorkersLostException or StorageUnavailableException:
                error.WriteLine(failure.Message);
                return ExitCode.Failed;
            case SqlEngineException sql when sql.InputAtFault || sql.EngineLost:
                error.WriteLine($"{verb} failed: {told(sql.Message.TrimEnd())}\n{sql.Cure}{(sql.Cure is null ? "" : "\n")}Nothing was changed.");
                return sql.InputAtFault ? ExitCode.InvalidInput : ExitCode.Failed;
            case var _ when FileFailure.Of(failure) is { } machine:
                error.WriteLine(machine.Words);
                return machine.IsOfThePlace ? ExitCode.InvalidInput : ExitCode.Failed;
            default: // the last resort: with its stack
                error.WriteLine($"{verb} failed: {failure.Message}\n{failure}");
                return ExitCode.Failed;
        }
    }
}
