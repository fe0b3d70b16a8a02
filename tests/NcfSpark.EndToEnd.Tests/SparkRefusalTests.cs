using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NcfSpark.Configuration;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>What is wrong with the Spark that a command line names is said through the verb, with the cure, and with exit code 2.</summary>
[Trait("Category", "Slow")]
public sealed class SparkRefusalTests
{
    [Fact]
    public void AServerThatIsTooOldIsTold()
    {
        using var server = OtherServer.Spark("3.4.3");
        AssertRefused(["--remote", $"sc://{server.Address}"],
            $"The server at sc://{server.Address} is Spark 3.4.3, which is too old: NcfSpark needs Spark 3.5 or newer. Use a newer server.");
    }

    [Fact]
    public void AGrpcServerWithoutSparkIsTold()
    {
        using var server = OtherServer.WithoutTheService();
        AssertRefused(["--remote", $"sc://{server.Address}"], "a gRPC server answers there, but not Spark Connect", "Its port is 15002");
    }

    [Theory]
    [InlineData(404, "a web server answers there")]
    [InlineData(503, "A web server or proxy answers at", "and says that Spark does not. Start the Spark Connect server behind it")]
    [InlineData(401, "wants a token. Add ;token=")]
    public void AWebServerIsTold(int status, params string[] says)
    {
        using var server = OtherServer.Web(status);
        AssertRefused(["--remote", $"sc://{server.Address}"], says);
    }

    [Fact]
    public void WhereNobodyListensTheCureIsSaid() =>
        AssertRefused(["--remote", $"sc://127.0.0.1:{FreePort()}"], "Nothing listens at", "sbin/start-connect-server.sh");

    [Theory]
    [InlineData("http://localhost:15002", "does not begin with sc://", "It is of the form sc://host[:port]")]
    [InlineData("sc://localhost:port", "\"port\" is no port from 1 to 65535")]
    public void AMalformedRemoteIsTold(string remote, params string[] says) => AssertRefused(["--remote", remote], says);

    [SkippableTheory]
    [InlineData("lokal", "--master lokal is no master that Spark knows: local[*], local[4]")]
    [InlineData("nonsense://host:1", "is no master that Spark knows")]
    [InlineData("sc://host", "A Spark Connect server that runs is given with --remote.")]
    [InlineData("local[x]", "--master local[x] is malformed", "such as local-cluster[2,1,1024]")]
    [InlineData("local[0]", "is malformed")]
    [InlineData("local[2", "is malformed")]
    [InlineData("local-cluster[2,1]", "is malformed")]
    [InlineData("spark://host", "\"host\" is not host:port; a standalone master listens on port 7077")]
    [InlineData("spark://no-such-host.invalid:7077", "No Spark master answers at spark://no-such-host.invalid:7077",
        "Start one ($SPARK_HOME/sbin/start-master.sh")]
    public void AWrongMasterIsToldBeforeASparkIsStarted(string master, params string[] says) => AssertRefused(["--master", master], says);

    [SkippableFact]
    public void AMasterThatIsNotThereIsTold() =>
        AssertRefused(["--master", $"spark://127.0.0.1:{FreePort()}"], "No Spark master answers", "(Connection refused)");

    [SkippableFact]
    public void WithoutJavaTheCureIsSaid()
    {
        AssertRefused(["--master", "local[2]"], SparkHome.Require(), [("JAVA_HOME", "/no-such-directory")],
            "JAVA_HOME is /no-such-directory, and there is no bin/java in it. Spark 4 needs Java 17 or 21");
        AssertRefused(["--master", "local[2]"], SparkHome.Require(), [("JAVA_HOME", ""), ("PATH", "/no-such-directory")],
            "There is no Java: JAVA_HOME is not set, and java is not on the PATH.", "apt install openjdk-17-jre-headless");
    }

    [Fact]
    public void WithoutSparkTheCureIsSaid()
    {
        AssertRefused(["--master", "local[2]"], "/no-such-directory", [],
            "SPARK_HOME is /no-such-directory, and there is no bin/spark-submit in it. Unpack Spark 3.5 to 4.3");
        AssertRefused(["--master", "local[2]"], "", [("PATH", "/no-such-directory")],
            "There is no Spark: SPARK_HOME is not set, and spark-submit is not on the PATH.", "or leave --master out, and DuckDB does the work");
    }

    [Fact]
    public void ObjectStorageOfWhichNeitherRegionNorServerIsKnownIsRefusedWithTheCure()
    {
        using var process = new System.Diagnostics.Process { StartInfo = new("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true } };
        foreach (string argument in new[] { NcfSparkProcess.Assembly, "status", "--run", "s3://bucket/run" }) process.StartInfo.ArgumentList.Add(argument);
        foreach (string name in process.StartInfo.Environment.Keys.Where(name => name.StartsWith("AWS_", StringComparison.Ordinal)).ToArray())
        {
            process.StartInfo.Environment.Remove(name);
        }

        process.StartInfo.Environment["HOME"] = "/no-such-directory"; // no profiles
        process.StartInfo.Environment["AWS_EC2_METADATA_DISABLED"] = "true";
        process.Start();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(2, process.ExitCode);
        Assert.Contains("Set Storage:Region or AWS_REGION", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("prepare", "add --master URL or --remote sc://host:port, or name a directory of this machine")]
    [InlineData("train", "copy the version that it names to DIR/prepared", "`train` and --run DIR")]
    [InlineData("nightly", "storage that they share with this machine")]
    public void ARunDirectoryThatOnlySparkWritesIsForPrepareOnSpark(string verb, params string[] says)
    {
        (int exitCode, string output, string error) = NcfSparkProcess.Run(verb, "--config", "conf/ml-latest-small.json", "--run", "hdfs://namenode/run");
        Assert.Equal((2, ""), (exitCode, output));
        foreach (string words in says) Assert.Contains(words, error, StringComparison.Ordinal);
    }

    private static void AssertRefused(string[] arguments, params string[] says) =>
        AssertRefused(arguments, arguments[0] == "--master" ? SparkHome.Require() : "", [], says);

    private static void AssertRefused(string[] arguments, string sparkHome, (string Name, string Value)[] environment, params string[] says)
    {
        using RunDirectory run = new();
        var start = new ProcessStartInfo(
            "dotnet", [NcfSparkProcess.Assembly, "prepare", "--config", "conf/ml-latest-small.json", "--run", run.Path, .. arguments])
        {
            WorkingDirectory = NcfSparkProcess.Repository,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["SPARK_HOME"] = sparkHome;
        start.Environment.Remove("SPARK_CONNECT_AUTHENTICATE_TOKEN");
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        Assert.Equal("", process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        string said = error.GetAwaiter().GetResult();
        Assert.True(process.ExitCode == 2, $"exit code {process.ExitCode}:\n{said}");
        foreach (string words in says) Assert.Contains(words, said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run.Path), "Something was left.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
