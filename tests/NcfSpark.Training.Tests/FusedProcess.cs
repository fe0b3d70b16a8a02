using System.Diagnostics;
using NcfSpark.Data;
using NcfSpark.Model;

namespace NcfSpark.Training.Tests;

/// <summary>A process of its own that trains by the fused step and then says which native libraries it has loaded.</summary>
internal static class FusedProcess
{
    public static void Main(string[] args)
    {
        string run = args[0];
        var options = PlainOptions.Train with { Step = "fused", Negatives = "resampled", Epochs = 2, BatchSize = 64 };
        var trainer = new Trainer(PlainOptions.Model with { MlpLayers = [16, 8] }, options, CheckpointStore.Open(run, "test"), null, SilentProgress.Instance, TimeProvider.System);
        trainer.Train(Logs.TwoTastes());
        foreach (ProcessModule module in Process.GetCurrentProcess().Modules) Console.WriteLine(module.ModuleName);
    }
}
