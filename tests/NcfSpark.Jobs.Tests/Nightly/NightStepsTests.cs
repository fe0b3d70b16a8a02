using Microsoft.Extensions.Time.Testing;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Jobs.Progress;
using NcfSpark.Nightly;

namespace NcfSpark.Jobs.Tests.Nightly;

public sealed class NightStepsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider time = new();
    private readonly StringWriter log = new() { NewLine = "\n" };

    public void Dispose()
    {
        folder.Dispose();
        log.Dispose();
    }

    [Fact]
    public void EachStepSaysWhichItIsHowLongTheNightHasRunAndWhatIsLeft()
    {
        SampleNights.In(folder.Path); // the last of its nights in production took 2.5, 12.25, 3, 13 and 1 s
        Assert.Equal(
            [
                "[1/7 prepare] after 0.0 s; about 32 s left, as 2026-11-21 took; then check the data, train, evaluate, refit, score, put into production",
                "[2/7 check the data] after 2.0 s; about 29 s left, as 2026-11-21 took; then train, evaluate, refit, score, put into production",
                "[3/7 train] after 4.0 s; about 29 s left, as 2026-11-21 took; then evaluate, refit, score, put into production",
                "[4/7 evaluate] after 6.0 s; about 17 s left, as 2026-11-21 took; then refit, score, put into production",
                "[5/7 refit] after 8.0 s; about 14 s left, as 2026-11-21 took; then score, put into production",
                "[6/7 score] after 10 s; about 1.0 s left, as 2026-11-21 took; then put into production",
                "[7/7 put into production] after 12 s; about 0.0 s left, as 2026-11-21 took",
            ],
            Steps(refit: true, 7));
    }

    [Fact]
    public void TheFirstNightSaysNothingOfTimeAndWithoutRefitThereAreSixSteps()
    {
        string[] lines = Steps(refit: false, 6);
        Assert.Equal("[1/6 prepare] after 0.0 s; then check the data, train, evaluate, score, put into production", lines[0]);
        Assert.Equal("[6/6 put into production] after 10 s", lines[^1]);
    }

    private string[] Steps(bool refit, int count)
    {
        var configuration = new NcfSparkConfiguration { Nightly = new NightlyOptions { Refit = refit } };
        var job = new JobContext(configuration, folder.Path, new PlainProgress(log, time), TextWriter.Null, time, CancellationToken.None);
        var steps = new NightSteps(job, RunHistory.Read(new RunNights(folder.Path)));
        for (int step = 0; step < count; step++)
        {
            steps.Next();
            time.Advance(TimeSpan.FromSeconds(2));
        }

        return log.ToString().Split('\n')[..^1];
    }
}
