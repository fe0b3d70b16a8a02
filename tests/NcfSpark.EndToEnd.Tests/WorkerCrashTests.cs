using System.Diagnostics;
using System.Security.Cryptography;
using NcfSpark.Data;
using Xunit.Abstractions;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>kill -9 of workers and of the server at random points of training by several processes: it ends with the bytes of a run that nobody disturbed.</summary>
public sealed class WorkerCrashTests(ITestOutputHelper output)
{
    // The issue's 100 with NCFSPARK_TEST_KILLS=100.
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("NCFSPARK_TEST_KILLS") ?? "5");

    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(30); // the machine may be busy

    [Fact]
    public void KilledAnywhereTrainingEndsWithTheSameModel()
    {
        using var expected = new RunDirectory();
        string log = SmallLog.Write(Path.GetDirectoryName(expected.Path)!);
        string[] settings =
        [
            .. SmallLog.Settings(log), "--set", "Train:Workers=3", "--set", "Train:RoundsPerEpoch=4", "--set", "Train:CheckpointRounds=1", "--set", "Train:CheckpointMinutes=5",
            "--set", "Train:Epochs=60", "--set", "Train:Patience=60", "--set", "Train:WorkerAttempts=1000",
        ];
        NcfSparkProcess.RunWell(["prepare", .. settings, "--run", expected.Path]);
        NcfSparkProcess.RunWell(["train", .. settings, "--run", expected.Path]); // by threads
        string expectedHash = ModelHash(expected);
        string[] processes = [.. settings, "--set", "Train:Where=processes"];

        RandomStream chance = RandomStream.Named(Environment.TickCount64, "kills"); // other points every time
        var points = new List<string>();
        long draw = 0;
        int runs = 0;
        while (points.Count < Kills)
        {
            runs++;
            using var run = new RunDirectory();
            NcfSparkProcess.RunWell(["prepare", .. settings, "--run", run.Path]);
            bool finished = false;
            while (!finished)
            {
                using Process train = Start(["train", .. processes, "--run", run.Path], out Func<string> said);
                while (true)
                {
                    if (train.WaitForExit((int)(chance.Unit(draw++) * 3000)))
                    {
                        Assert.True(train.ExitCode == 0, $"exit code {train.ExitCode} after kills at\n{string.Join('\n', points)}\n{said()}");
                        finished = true;
                        break;
                    }

                    if (points.Count >= Kills) continue; // let it end
                    int[] workers = ChildrenOf(train.Id);
                    if (chance.Unit(draw++) < 0.3 || workers.Length == 0)
                    {
                        points.Add($"server, {workers.Length} workers");
                        train.Kill();
                        train.WaitForExit();
                        Assert.True(Eventually(() => workers.All(IsGone)), $"workers outlived their server, after kills at\n{string.Join('\n', points)}");
                        break;
                    }

                    int worker = workers[chance.Below(draw++, workers.Length)];
                    points.Add("a worker");
                    Kill(worker);
                }
            }

            Assert.True(expectedHash == ModelHash(run), $"another model after kills at\n{string.Join('\n', points)}");
            Assert.DoesNotContain(Directory.GetDirectories(run.Path), directory => directory.Contains(".tmp-", StringComparison.Ordinal) || directory.Contains(".checkpoints-", StringComparison.Ordinal));
        }

        output.WriteLine($"{points.Count} kills in {runs} runs: {points.Count(point => point == "a worker")} of workers, {points.Count(point => point != "a worker")} of servers.");
    }

    [Fact]
    public void CtrlCEndsAllProcessesAndTheSameCommandGoesOn()
    {
        using var run = new RunDirectory();
        string log = SmallLog.Write(Path.GetDirectoryName(run.Path)!);
        string[] settings = [.. SmallLog.Settings(log), "--set", "Train:Workers=2", "--set", "Train:Where=processes", "--set", "Train:Epochs=40", "--set", "Train:Patience=0"];
        NcfSparkProcess.RunWell(["prepare", .. settings, "--run", run.Path]);
        using Process train = Start(["train", .. settings, "--run", run.Path], out Func<string> said);
        Assert.True(Eventually(() => ChildrenOf(train.Id).Length == 2 || train.HasExited), said());
        int[] workers = ChildrenOf(train.Id);
        using (Process kill = Process.Start("kill", ["-INT", $"{train.Id}"])) kill.WaitForExit();
        Assert.True(train.WaitForExit(LongestEnd), said());
        Assert.True(train.ExitCode is 130 or 0, said());
        Assert.True(Eventually(() => workers.All(IsGone)));
        NcfSparkProcess.RunWell(["train", .. settings, "--run", run.Path]);
    }

    private static Process Start(string[] arguments, out Func<string> said)
    {
        Process process = NcfSparkProcess.Start(arguments);
        var lines = new List<string>();
        void Keep(string? line)
        {
            lock (lines) lines.Add(line ?? "");
        }

        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        said = () =>
        {
            lock (lines) return string.Join('\n', lines);
        };
        return process;
    }

    private static string ModelHash(RunDirectory run) => string.Join('\n', Directory.GetFiles(run.File("model"), "*.safetensors", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(file => $"{Path.GetRelativePath(run.Path, file)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}"));

    // By /proc: the parent is the second field after the name, which stands in brackets.
    private static int[] ChildrenOf(int parent) => [.. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(name => int.Parse(name!)).Where(process => FieldsOf(process) is [not "Z", { } of, ..] && of == $"{parent}")];

    private static bool IsGone(int process) => FieldsOf(process) is [] or ["Z", ..];

    private static string[] FieldsOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static void Kill(int process)
    {
        try
        {
            using var one = Process.GetProcessById(process);
            one.Kill();
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private static bool Eventually(Func<bool> holds)
    {
        long started = Stopwatch.GetTimestamp();
        while (!holds())
        {
            if (Stopwatch.GetElapsedTime(started) > LongestEnd) return false;
            Thread.Sleep(20);
        }

        return true;
    }
}
