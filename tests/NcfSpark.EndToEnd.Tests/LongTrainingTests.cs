namespace NcfSpark.EndToEnd.Tests;

[Trait("Category", "Slow")]
public sealed class LongTrainingTests : IDisposable
{
    private const int Warm = 400; // epochs until all code is compiled and the heap has found its size: 74 MB in the 50th, 92 here, 91 in the 800th
    private const long Allowed = 16 << 10; // kB; a leak of a small set's batches and checkpoints would be some 20 kB an epoch

    private readonly RunDirectory run = new();

    public void Dispose() => run.Dispose();

    [Fact]
    public void MemoryStaysFlatOverAThousandEpochsOfASmallSet()
    {
        string[] settings =
        [
            .. SmallLog.Settings(SmallLog.Write(Path.GetDirectoryName(run.Path)!)), "--set", "Train:Epochs=1000", "--set", "Train:Patience=0", "--set",
            "Train:CheckpointMinutes=5", "--run", run.Path,
        ];
        NcfSparkProcess.RunWell(["prepare", .. settings]);
        using var train = new TrainRun(settings);
        train.WaitFor($"Epoch {Warm}:");
        long warm = ResidentKilobytes(train);
        train.WaitFor("Epoch 900:");
        long late = ResidentKilobytes(train);
        Assert.True(train.WaitForExit() == 0, train.Said);
        Assert.True(late - warm < Allowed, $"{warm:N0} kB after {Warm} epochs, {late:N0} kB after 900.");
    }

    private static long ResidentKilobytes(TrainRun train)
    {
        train.Process.Refresh();
        return train.Process.WorkingSet64 >> 10;
    }
}
