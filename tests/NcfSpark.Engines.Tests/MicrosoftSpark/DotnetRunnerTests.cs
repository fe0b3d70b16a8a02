using System.Collections;
using System.Diagnostics;
using System.Runtime.Versioning;
using NcfSpark.Core;
using NcfSpark.Engines.MicrosoftSpark;
using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.MicrosoftSpark;

/// <summary>What is started for --engine microsoft-spark, with a script in place of spark-submit.</summary>
[SupportedOSPlatform("linux")]
public sealed class DotnetRunnerTests
{
    // What Spark and the bridge do: start the program, and pass its exit code on. Each notes that it was asked to end.
    private const string SparkWithProgram = """
        notes=$(dirname "$0")/../notes
        trap 'echo spark >>"$notes"; exit 9' TERM
        bash -c 'trap "sleep 0.3; echo program >>\"$1\"; exit 143" TERM; cut -d" " -f6 /proc/$$/stat >"$1.session"; echo $$ >"$NCFSPARK_PROGRAM_FILE"; echo "${NCFSPARK_PROGRAM_FILE%/*}" >"$1.scratch.new"; mv "$1.scratch.new" "$1.scratch"; while :; do sleep 0.05; done' _ "$notes" &
        wait $!
        """;

    [SkippableFact]
    public void TheWholeCommand()
    {
        using var spark = new FakeSpark();
        ProcessStartInfo start = Start(spark, new() { Master = "local[2]", Program = ["/app/ncfspark.dll", "score", "--run", "a b"] });
        string[] words = Words(start);
        Assert.Equal([Path.Combine(spark.Home, "bin", "spark-submit"), "--class", "org.apache.spark.deploy.dotnet.DotnetRunner", "--master", "local[2]",
            "--name", "NcfSpark"], words[..7]);
        Assert.Equal([spark.File("app/microsoft-spark-3-5_2.12-2.3.1.jar"), "dotnet", "/app/ncfspark.dll", "score", "--run", "a b"], words[^6..]);
        Dictionary<string, string> settings = Settings(words);
        Assert.Equal(
            ("in-memory", "false", "8", "WARN", "true", "10", "file:///scratch/warehouse"),
            (settings["spark.sql.catalogImplementation"], settings["spark.ui.enabled"], settings["spark.sql.shuffle.partitions"], settings["spark.log.level"],
                settings["spark.dotnet.ignoreSparkPatchVersionCheck"],
                settings["spark.dotnet.numDotnetBackendThreads"], settings["spark.sql.warehouse.dir"]));
        Assert.EndsWith("g", settings["spark.driver.memory"], StringComparison.Ordinal);
        Assert.Equal(("10", "/scratch/local", spark.Home),
            (start.Environment["DOTNET_SPARK_NUM_BACKEND_THREADS"], start.Environment["SPARK_LOCAL_DIRS"], start.Environment["SPARK_HOME"]));
    }

    [SkippableTheory]
    [InlineData(1, 10)]
    [InlineData(6, 10)]
    [InlineData(8, 12)]
    [InlineData(64, 68)]
    public void EachWorkersQueryHasAThreadBesideThoseThatTheBridgeKeepsAndOneToStop(int workers, int threads)
    {
        using var spark = new FakeSpark();
        ProcessStartInfo start = Start(spark, new() { Master = "yarn", Program = [], Queries = workers });
        string given = Settings(Words(start))["spark.dotnet.numDotnetBackendThreads"];
        Assert.Equal(($"{threads}", $"{threads}"), (given, start.Environment["DOTNET_SPARK_NUM_BACKEND_THREADS"]));
        Assert.InRange(workers, 1, DotnetRunner.QueriesAtOnce(
            new Hashtable { ["spark.master"] = "yarn", ["DOTNET_SPARK_NUM_BACKEND_THREADS"] = given, ["spark.dotnet.numDotnetBackendThreads"] = given }));
    }

    [Fact]
    public void OfTheTwoEndsOfTheBridgeTheOneWithFewerThreadsCounts()
    {
        Assert.Equal(6, DotnetRunner.QueriesAtOnce(new Hashtable { ["spark.master"] = "yarn", ["DOTNET_SPARK_NUM_BACKEND_THREADS"] = "64" }));
        Assert.Contains("DOTNET_SPARK_NUM_BACKEND_THREADS=12 in the environment of spark-submit, and --conf spark.dotnet.numDotnetBackendThreads=12",
            DotnetRunner.CureFor(8), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void WhatTheUserGaveWins()
    {
        using var spark = new FakeSpark();
        spark.Write("conf/spark-defaults.conf", "# a comment\nspark.ui.enabled   true\nspark.log.level=INFO\nspark.local.dir : /fast\n");
        ProcessStartInfo start = Start(spark,
            new()
            {
                Master = "local-cluster[2,1,1024]",
                Program = [],
                SubmitArguments = ["--conf", "spark.sql.catalogImplementation=hive", "--conf", "spark.dotnet.numDotnetBackendThreads=40"],
            }, spark.File("scratch"));
        Dictionary<string, string> settings = Settings(Words(start));
        Assert.Equal(("hive", "40", "40"), (settings["spark.sql.catalogImplementation"], settings["spark.dotnet.numDotnetBackendThreads"],
            start.Environment["DOTNET_SPARK_NUM_BACKEND_THREADS"]));
        Assert.All(["spark.ui.enabled", "spark.log.level", "spark.sql.warehouse.dir", "spark.driver.memory"], key => Assert.DoesNotContain(key, settings.Keys));
        Assert.DoesNotContain("SPARK_LOCAL_DIRS", start.Environment.Keys);
    }

    [SkippableFact]
    public void ALocalClusterWritesIntoAHomeOfLinksThatGoesAtTheEnd()
    {
        using var spark = new FakeSpark();
        string scratch = spark.File("scratch");
        string home = Start(spark, new() { Master = "local-cluster[2,1,1024]", Program = [] }, scratch).Environment["SPARK_HOME"]!;
        Assert.Equal(["bin", "conf", "jars"], new[] { "bin", "conf", "jars", "work" }.Where(name => Path.Exists(Path.Combine(home, name))));
        Assert.StartsWith(scratch, home, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("program.tar.gz#p", "program.tar.gz#p")]
    [InlineData("mine.tar.gz#m,program.tar.gz#p", "program.tar.gz#p", "--archives", "mine.tar.gz#m")]
    [InlineData("b.zip,program.tar.gz#p", "program.tar.gz#p", "--archives", "a.zip", "--conf", "spark.a=b", "--archives", "b.zip")]
    public void TheProgramsArchiveStandsBesideTheUsers(string last, string archive, params string[] given)
    {
        using var spark = new FakeSpark();
        string[] words = Words(Start(spark, new() { Master = "yarn", Program = [], SubmitArguments = given, Archive = archive }));
        Assert.Equal(last, words[Array.LastIndexOf(words, "--archives") + 1]);
    }

    [SkippableTheory]
    [InlineData("spark-core_2.12-3.5.9.jar", "microsoft-spark-3-5_2.12-2.3.1.jar")]
    [InlineData("spark-core_2.13-4.0.1.jar", "microsoft-spark-4-0_2.13-2.3.1.jar")]
    public void TheBridgeIsTheOneForSparksAndScalasVersion(string core, string jar)
    {
        using var spark = new FakeSpark(core);
        Assert.Equal(jar, Path.GetFileName(DotnetRunner.Bridge(SparkInstallation.Find(spark.Home), spark.App)));
    }

    [SkippableTheory]
    [InlineData("spark-core_2.13-4.3.0.jar", "is 4.3.0 with Scala 2.13")]
    [InlineData("spark-core_2.13-3.5.9.jar", "is 3.5.9 with Scala 2.13")]
    [InlineData("spark-core_2.12-3.2.4.jar", "is 3.2.4 with Scala 2.12")]
    [InlineData("other.jar", "is of a version that its jars do not tell")]
    public void ASparkWithoutABridgeIsRefusedBeforeItIsStarted(string core, string says)
    {
        using var spark = new FakeSpark(core, "touch \"$(dirname \"$0\")/started\"");
        string message = MessageFrom(spark, "local[2]");
        Assert.Contains($"The Spark at {spark.Home} {says}, and the Microsoft.Spark of this build is for Spark 3.5 with Scala 2.12, 4.0 with Scala 2.13.",
            message, StringComparison.Ordinal);
        Assert.False(File.Exists(spark.File("bin/started")));
    }

    [SkippableTheory]
    [InlineData("local[x]", "--master local[x] is malformed")]
    [InlineData("nonsense", "--master nonsense is no master that Spark knows")]
    [InlineData("spark://127.0.0.1:1", "No Spark master answers at spark://127.0.0.1:1 (Connection refused")]
    [InlineData("yarn", "Spark's deploy mode is \"cluster\", and NcfSpark works in client mode only", "--deploy-mode", "cluster")]
    [InlineData("yarn", "Spark's deploy mode is \"cluster\"", "--conf", "spark.submit.deployMode=cluster")]
    public void WhatCannotWorkIsRefusedBeforeSparkIsStarted(string master, string says, params string[] given)
    {
        using var spark = new FakeSpark(submit: "touch \"$(dirname \"$0\")/started\"");
        Assert.Contains(says, MessageFrom(spark, master, given), StringComparison.Ordinal);
        Assert.False(File.Exists(spark.File("bin/started")));
    }

    [SkippableFact]
    public void WithoutSparkOrWithoutTheJarsTheMessageSaysWhatToDo()
    {
        using var spark = new FakeSpark();
        Directory.Delete(spark.App, recursive: true);
        Directory.CreateDirectory(spark.App);
        Assert.Contains("-p:MicrosoftSpark=true", MessageFrom(spark, "local"), StringComparison.Ordinal);
        File.Delete(spark.File("bin/spark-submit"));
        Assert.Contains("there is no bin/spark-submit in it. Unpack Spark 3.5 or 4.0", MessageFrom(spark, "local"), StringComparison.Ordinal);
    }

    [Fact]
    public void AProgramInClusterModeEndsBeforeItDoesAnything() =>
        Assert.Contains("client mode only", Assert.Throws<InvalidInputException>(
            () => DotnetRunner.Attach(new Hashtable { ["spark.submit.deployMode"] = "cluster" })).Message, StringComparison.Ordinal);

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(134)]
    public void TheProgramsExitCodeIsPassedOn(int code)
    {
        using var spark = new FakeSpark(submit: $"exit {code}");
        Assert.Equal(code, DotnetRunner.Run(Options(spark, "local"), CancellationToken.None));
    }

    [SkippableFact]
    public async Task ASignalEndsTheProgramFirstWhileSparkIsThereAndLeavesNothing()
    {
        using var spark = new FakeSpark(submit: SparkWithProgram);
        using var stop = new CancellationTokenSource();
        Task<int> run = Task.Run(() => DotnetRunner.Run(Options(spark, "local"), stop.Token));
        while (!File.Exists(spark.File("notes.scratch"))) await Task.Delay(20);
        // Ctrl-C at the terminal does not reach it.
        Assert.NotEqual(File.ReadAllText("/proc/self/stat").Split(' ')[5], File.ReadAllText(spark.File("notes.session")).Trim());
        string scratch = File.ReadAllText(spark.File("notes.scratch")).Trim();
        Assert.True(Directory.Exists(scratch));
        await stop.CancelAsync();
        Assert.Contains(await run, new[] { 143, 9 }); // the program's, or Spark's, when both ended at once
        Assert.Equal("program", File.ReadLines(spark.File("notes")).First());
        Assert.False(Directory.Exists(scratch));
    }

    private static DotnetRunnerOptions Options(FakeSpark spark, string master, params string[] given) =>
        new() { Master = master, SparkHome = spark.Home, JarDirectory = spark.App, Program = ["ncfspark.dll"], SubmitArguments = given };

    private static string MessageFrom(FakeSpark spark, string master, params string[] given) =>
        Assert.Throws<InvalidInputException>(() => DotnetRunner.Run(Options(spark, master, given), CancellationToken.None)).Message;

    private static ProcessStartInfo Start(FakeSpark spark, DotnetRunnerOptions options, string scratch = "/scratch")
    {
        SparkInstallation installation = SparkInstallation.Find(spark.Home);
        return DotnetRunner.StartInfo(new SubmitCommand(installation, options), options, DotnetRunner.Bridge(installation, spark.App), scratch);
    }

    // Without the shell around it.
    private static string[] Words(ProcessStartInfo start) =>
        [.. start.ArgumentList.SkipWhile(word => !word.EndsWith("/bin/spark-submit", StringComparison.Ordinal))];

    private static Dictionary<string, string> Settings(string[] words)
    {
        var settings = new Dictionary<string, string>();
        foreach ((string option, string value) in words.Zip(words.Skip(1)))
        {
            if (option == "--conf") settings[value.Split('=', 2)[0]] = value.Split('=', 2)[1];
        }

        return settings;
    }
}
