using System.Diagnostics;
using System.Text.Json.Nodes;
using NcfSpark.Core;
using NcfSpark.Storage.Tests.S3;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>Drivers that have nothing but the program and a bucket: each is a process in an empty directory, with an empty home.</summary>
[Trait("Category", "Slow")]
public sealed class BucketTests : IDisposable
{
    private const string Run = $"s3://{S3Server.Bucket}/nights/shop", Prefix = "nights/shop/";

    private readonly S3Server server = new();
    private readonly string folder = Directory.CreateTempSubdirectory("ncfspark-bucket-").FullName;
    private int drivers;

    private S3Objects Objects => (S3Objects)server.Answers;

    public void Dispose()
    {
        server.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void AWholeNightOnMovieLensHasTheBytesOfALocalOne()
    {
        using var local = new RunDirectory();
        string[] night =
        [
            "nightly", "--config", Path.Combine(NcfSparkProcess.Repository, "conf/ml-latest-small.json"), "--set", $"Nightly:Night={RunDirectory.Night}",
            "--set", $"Input:Path={Path.Combine(NcfSparkProcess.Repository, "tests/data/ml-latest-small/ratings.csv")}",
            "--set", $"Input:TitlesPath={Path.Combine(NcfSparkProcess.Repository, "tests/data/ml-latest-small/movies.csv")}", "--set", "Train:Epochs=3",
        ];
        NcfSparkProcess.RunWell([.. night, "--run", local.Path]);
        (int code, string output, string error) = Wait(Start([.. night, "--run", Run]));
        Assert.True(code == 0, output + error);
        Assert.Contains($"in production: {RunDirectory.Night} → {Run}/current", output, StringComparison.Ordinal);
        CheckPredictions(local.Served("predictions"));

        (code, output, error) = Wait(Start("show", "42", "--run", Run));
        Assert.True(code == 0 && output.Contains("Recommended", StringComparison.Ordinal), output + error);
    }

    /// <summary>SIGKILL when the n-th request comes in; the next driver goes on, and waits for the lease of the dead one.</summary>
    [Theory]
    [InlineData(12)]
    [InlineData(30)]
    [InlineData(60)]
    [InlineData(90)]
    public void ANightThatIsKilledAtARequestIsFinishedByAnotherDriver(int requests)
    {
        using var local = new RunDirectory();
        string[] night = ["nightly", .. SmallLog.Settings(SmallLog.Write(folder)), "--set", "Nightly:Gate=false", "--set", "Storage:LeaseSeconds=2"];
        NcfSparkProcess.RunWell([.. night, "--run", local.Path]);
        Process? killed = null;
        int left = requests;
        server.Fail(S3Fault.Reset, _ =>
        {
            if (Interlocked.Decrement(ref left) != 0) return false;
            while (Volatile.Read(ref killed) is null) Thread.Yield(); // started, and not known here yet
            killed!.Kill();
            return true;
        });
        Volatile.Write(ref killed, Start([.. night, "--run", Run]));
        Wait(killed!);
        (int code, string output, string error) = Wait(Start([.. night, "--run", Run]));
        Assert.True(code == 0, output + error);
        CheckPredictions(local.Served("predictions"));
    }

    /// <summary>The first would train for hours.</summary>
    [Fact]
    public void OfTwoNightsAtOnceTheSecondEndsWithExitCode2()
    {
        string[] night =
        [
            "nightly", .. SmallLog.Settings(SmallLog.Write(folder)),
            "--set", "Train:Epochs=100000", "--set", "Train:Patience=0", "--set", "Storage:LeaseSeconds=120",
        ];
        using Process first = Start([.. night, "--run", Run]);
        try
        {
            Assert.True(OwnProcesses.Eventually(() => Objects[$"{Prefix}{RunDirectory.Night}/prepared/manifest.json"] is not null, TimeSpan.FromMinutes(5)));
            (int code, string output, string error) = Wait(Start([.. night, "--run", Run]));
            Assert.True(code == 2, output + error);
            Assert.Contains($"process {first.Id} on {Environment.MachineName}", error, StringComparison.Ordinal);
        }
        finally
        {
            first.Kill();
            first.WaitForExit();
        }
    }

    [Fact]
    public async Task ServeFollowsProductionInTheBucket()
    {
        string[] night = ["nightly", .. SmallLog.Settings(SmallLog.Write(folder)), "--set", "Nightly:Gate=false", "--run", Run];
        Assert.Equal(0, Wait(Start(night)).Code);
        using Process process = Start("serve", "--run", Run, "--port", "0");
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync();
            string first = await process.StandardOutput.ReadLineAsync() ?? await error;
            Assert.StartsWith($"serving {RunDirectory.Night} of {Run} at http://127.0.0.1:", first, StringComparison.Ordinal);
            using var client = new HttpClient { BaseAddress = new Uri(first.Split(' ')[^1]) };
            Assert.Equal(0, Wait(Start([.. night, "--set", "Nightly:Night=2026-11-02", "--set", "Train:Seed=2"])).Code);
            while (true)
            {
                using HttpResponseMessage answer = await client.GetAsync(new Uri("/v1/users/1/recommendations", UriKind.Relative));
                Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
                if (answer.Headers.GetValues("NcfSpark-Night").Single() == "2026-11-02") break;
                await Task.Delay(100);
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private void CheckPredictions(string local)
    {
        JsonNode current = JsonNode.Parse(Objects[$"{Prefix}current"]!)!;
        Assert.Equal(RunDirectory.Night, current["night"]!.GetValue<string>());
        string prefix = $"{Prefix}{current["predictions"]!.GetValue<string>()}";
        foreach (string file in Directory.GetFiles(local, "*.parquet", SearchOption.AllDirectories))
        {
            Assert.Equal(File.ReadAllBytes(file), Objects[prefix + Path.GetRelativePath(local, file).Replace('\\', '/')]);
        }
    }

    private Process Start(params string[] arguments)
    {
        string home = Path.Combine(folder, $"driver {Interlocked.Increment(ref drivers)}");
        Directory.CreateDirectory(home);
        var start = new ProcessStartInfo("dotnet", [NcfSparkProcess.Assembly, .. arguments.Select(Absolute)])
        {
            WorkingDirectory = home, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach ((string name, string value) in server.ClientEnvironment) start.Environment[name] = value;
        start.Environment["HOME"] = home;
        start.Environment.Remove("XDG_CACHE_HOME");
        return Process.Start(start)!;
    }

    private static (int Code, string Output, string Error) Wait(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    private static string Absolute(string argument) =>
        argument.StartsWith("conf/", StringComparison.Ordinal) ? Path.Combine(NcfSparkProcess.Repository, argument) : argument;
}
