using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Storage;

namespace NcfSpark.Jobs;

/// <summary>Runs a verb that needs neither a configuration nor the lock of a run directory: what goes wrong becomes a message and an exit code.</summary>
internal static class UnlockedVerb
{
    public static ExitCode Run(Action verb, TextWriter error)
    {
        try
        {
            verb();
            return ExitCode.Done;
        }
        catch (InvalidInputException fault)
        {
            error.WriteLine(fault.Message);
            return ExitCode.InvalidInput;
        }
        catch (StorageUnavailableException failure)
        {
            error.WriteLine(failure.Message);
            return ExitCode.Failed;
        }
        catch (Exception failure) when (FileFailure.Of(failure) is { } machine)
        {
            error.WriteLine(machine.Words);
            return machine.IsOfThePlace ? ExitCode.InvalidInput : ExitCode.Failed;
        }
#pragma warning disable CA1031 // the last resort, as of other verbs: exit code 1, with the stack
        catch (Exception failure)
#pragma warning restore CA1031
        {
            error.WriteLine($"{failure.Message}\n{failure}");
            return ExitCode.Failed;
        }
    }
}
