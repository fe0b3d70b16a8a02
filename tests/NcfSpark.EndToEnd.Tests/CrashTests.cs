using System.Diagnostics;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>kill -9 at random points over all stages, followed by the same command again, ends with the same predictions, byte for byte.</summary>
[Trait("Category", "Slow")]
public sealed class CrashTests
{
    // Enough to meet every stage; the 30 points and more with NCFSPARK_TEST_KILLS=40.
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("NCFSPARK_TEST_KILLS") ?? "8");

    [Fact]
    public void KilledAnywhereAndStartedAgainItEndsWithTheSamePredictions()
    {
        using var expected = new RunDirectory();
        string log = SmallLog.Write(Path.GetDirectoryName(expected.Path)!);
        string[] settings = SmallLog.Settings(log);
        long started = Stopwatch.GetTimestamp();
        NcfSparkProcess.RunWell(["nightly", .. settings, "--run", expected.Path]);
        double wholeRun = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        string expectedHash = expected.PredictionsHash();

        RandomStream chance = RandomStream.Named(Environment.TickCount64, "kills"); // other points every time: a failure prints them
        var points = new List<string>();
        int attempt = 0;
        for (int kill = 0; kill < Kills;)
        {
            using var run = new RunDirectory();
            while (kill < Kills)
            {
                using Process process = NcfSparkProcess.Start(["nightly", .. settings, "--run", run.Path]);
                process.OutputDataReceived += (_, _) => { };
                process.ErrorDataReceived += (_, _) => { };
                process.BeginOutputReadLine();
                process.BeginErrorReadLine();
                int after = (int)(chance.Unit(attempt++) * wholeRun);
                if (process.WaitForExit(after))
                {
                    Assert.Equal(0, process.ExitCode);
                    break; // it had finished: a new run for the next kill
                }

                process.Kill();
                process.WaitForExit();
                string[] left = Directory.Exists(run.NightPath) ? Directory.GetDirectories(run.NightPath) : [];
                points.Add($"{after} ms: {string.Join(' ', left.Select(Path.GetFileName).Order())}");
                kill++;
                foreach (string stage in new[] { "prepared", "model", "report", "refit", "predictions" })
                {
                    // What is there under its final name is whole.
                    if (Directory.Exists(Path.Combine(run.NightPath, stage))) StageDirectory.Open(run.NightPath, stage);
                }
            }

            NcfSparkProcess.RunWell(["nightly", .. settings, "--run", run.Path]);
            Assert.True(expectedHash == run.PredictionsHash(), $"other predictions after kills at\n{string.Join('\n', points)}");
            Assert.DoesNotContain(Directory.GetDirectories(run.NightPath),
                directory => directory.Contains(".tmp-", StringComparison.Ordinal) || directory.Contains(".checkpoints-", StringComparison.Ordinal));
        }
    }
}
