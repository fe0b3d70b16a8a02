using NcfSpark.Data;

namespace NcfSpark.Training.Distributed;

/// <summary>What ended a worker, on its way to the server: what the user can mend stays that.</summary>
internal static class WorkerFailure
{
    private const string Input = "input", Diverged = "diverged";

    public static string KindOf(Exception failure) => failure switch { InvalidInputException => Input, TrainingDivergedException => Diverged, _ => failure.GetType().Name };

    public static Exception Of(string kind, string message, Exception? cause = null) => kind switch
    {
        Input => new InvalidInputException(message),
        Diverged => new TrainingDivergedException(message),
        _ => new InvalidOperationException($"it failed with {kind}: {message}", cause),
    };
}
