using System.Diagnostics;
using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Training.Tests;

/// <summary>
/// A process of its own that trains NeuMF by the step that "auto" takes, over the user encoder of its second argument, and then says which native
/// libraries it has loaded.
/// </summary>
internal static class FusedProcess
{
    public static void Main(string[] args)
    {
        string run = args[0];
        var options = PlainOptions.Train with { Negatives = NegativeSource.Resampled, Epochs = 2, BatchSize = 66 };
        var model = PlainOptions.Model with { MlpLayers = [16, 8], User = Enum.Parse<UserEncoderKind>(args[1]), UserMlp = new() { Width = 8 } };
        var trainer = new Trainer(model, options, CheckpointStore.Open(run, "test"), null, SilentProgress.Instance, TimeProvider.System);
        trainer.Train(Logs.TwoTastes());
        foreach (ProcessModule module in Process.GetCurrentProcess().Modules) Console.WriteLine(module.ModuleName);
    }
}
