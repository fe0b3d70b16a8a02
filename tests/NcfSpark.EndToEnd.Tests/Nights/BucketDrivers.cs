using System.Diagnostics;
using System.Text.Json.Nodes;
using NcfSpark.Core;
using NcfSpark.Storage.Tests.S3;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>Drivers that have nothing but the program and a bucket: each is a process in an empty directory, with an empty home.</summary>
internal sealed class BucketDrivers(S3Objects? objects = null) : IDisposable
{
    public const string Run = $"s3://{S3Server.Bucket}/nights/shop", Prefix = "nights/shop/";

    private int drivers;

    /// <summary>For what tests write; drivers' directories are within it, too.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("ncfspark-bucket-").FullName;

    public S3Server Server { get; } = new(objects);

    public S3Objects Objects => (S3Objects)Server.Answers;

    /// <summary>What `current` says, as a reader gets it who can only list and get.</summary>
    public JsonNode Current => JsonNode.Parse(Objects[$"{Prefix}current"]!)!;

    public void Dispose()
    {
        Server.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    public Process Start(params string[] arguments)
    {
        string home = Path.Combine(Folder, $"driver {Interlocked.Increment(ref drivers)}");
        Directory.CreateDirectory(home);
        var start = new ProcessStartInfo("dotnet", [NcfSparkProcess.Assembly, .. arguments.Select(Absolute)])
        {
            WorkingDirectory = home, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach ((string name, string value) in Server.ClientEnvironment) start.Environment[name] = value;
        start.Environment["HOME"] = home;
        start.Environment.Remove("XDG_CACHE_HOME");
        return Process.Start(start)!;
    }

    public static (int Code, string Output, string Error) Wait(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>Runs a driver to its end, which must be good.</summary>
    /// <returns>Its output.</returns>
    public string RunWell(params string[] arguments)
    {
        (int code, string output, string error) = Wait(Start(arguments));
        Assert.True(code == 0, output + error);
        return output;
    }

    private static string Absolute(string argument) =>
        argument.StartsWith("conf/", StringComparison.Ordinal) ? Path.Combine(NcfSparkProcess.Repository, argument) : argument;
}
