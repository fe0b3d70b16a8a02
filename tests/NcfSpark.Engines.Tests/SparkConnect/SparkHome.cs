using System.Diagnostics;

namespace NcfSpark.Engines.Tests.SparkConnect;

/// <summary>The Spark that tests run: SPARK_HOME, or the archive beside the repository, unpacked once into the user's cache.</summary>
internal static class SparkHome
{
    private const string HowToGetOne = "Needs Spark: set SPARK_HOME to an unpacked Spark 4 (tests/README.md).";

    private const string Release = "spark-4.3.0", Cases = "NCFSPARK_TEST_SPARK_CASES";

    private static readonly Lazy<string?> Found = new(Find);

    /// <summary>For spark-submit: a Spark of a test lives for seconds, in which compiling better costs more than it gains.</summary>
    public static string[] ForSeconds { get; } = [.. new[] { "driver", "executor" }.SelectMany(
        of => new[] { "--conf", $"spark.{of}.extraJavaOptions=-XX:TieredStopAtLevel=1" })];

    /// <summary>Where there is none, the test is skipped, with a line that says how to get one; in CI it fails, so that nothing is green unseen.</summary>
    public static string Require() => Require(Found.Value, Environment.GetEnvironmentVariable("CI"));

    /// <summary>What takes longer than CI has time for runs for who asks.</summary>
    public static void RequireAsked() =>
        Skip.If(Environment.GetEnvironmentVariable(Cases) is null, $"Needs half a minute or more on Spark, more than CI has: set {Cases}=1.");

    internal static string Require(string? found, string? ci)
    {
        if (found is null && IsCi(ci)) Assert.Fail($"{HowToGetOne} In CI (CI={ci}) these tests are not skipped.");
        Skip.If(found is null, HowToGetOne);
        return found;
    }

    private static bool IsCi(string? ci) => ci is "true" or "1";

    /// <summary>Null where there is none.</summary>
    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("SPARK_HOME") is { Length: > 0 } home) return home;
        string? archive = Archive();
        return archive is null ? null : Unpacked(archive);
    }

    private static string? Archive()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (!File.Exists(Path.Combine(directory.FullName, "NcfSpark.sln"))) continue;
            string archive = Path.Combine(directory.FullName, "..", "shared", "spark", $"{Release}.tar.xz");
            return File.Exists(archive) ? archive : null;
        }

        return null;
    }

    private static string Unpacked(string archive)
    {
        string cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        string parent = Path.Combine(cache, "ncfspark"), home = Path.Combine(parent, Release);
        if (Directory.Exists(home)) return home;

        // Beside its place and then renamed, so that what is there is whole, also with several test processes at once.
        string beside = Path.Combine(parent, $".unpacking-{Guid.NewGuid():N}");
        Directory.CreateDirectory(beside);
        try
        {
            using Process tar = Process.Start("tar", ["-xJf", archive, "-C", beside]);
            tar.WaitForExit();
            Assert.True(tar.ExitCode == 0, $"{archive} cannot be unpacked: tar (with xz) ended with {tar.ExitCode}");
            Directory.Move(Path.Combine(beside, Release), home);
        }
        catch (IOException) when (Directory.Exists(home))
        {
            // Another process was first.
        }
        finally
        {
            Directory.Delete(beside, recursive: true);
        }

        return home;
    }
}

public sealed class SparkHomeTests
{
    [Fact]
    public void WithoutSparkTestsAreSkippedAndInCiTheyFailBothSayingHowToGetOne()
    {
        Assert.Contains("set SPARK_HOME", Assert.Throws<SkipException>(() => SparkHome.Require(null, null)).Message);
        Assert.Contains("set SPARK_HOME", Assert.Throws<Xunit.Sdk.FailException>(() => SparkHome.Require(null, "true")).Message);
        Assert.Equal("here", SparkHome.Require("here", "true"));
    }
}
