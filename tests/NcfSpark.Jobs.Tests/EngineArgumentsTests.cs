using System.Collections;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Jobs.Tests;

/// <summary>--engine, --master, --remote, and what goes to spark-submit.</summary>
public sealed class EngineArgumentsTests
{
    [Theory]
    [InlineData("duckdb")]
    [InlineData("duckdb", "--engine", "duckdb")]
    [InlineData("spark-connect", "--master", "local[2]")]
    [InlineData("spark-connect", "--remote", "sc://host")]
    [InlineData("spark-connect", "--engine", "spark-connect", "--master", "yarn", "--conf", "a=b", "--packages", "g:a:1")]
    [InlineData("microsoft-spark", "--engine", "microsoft-spark", "--master", "yarn")]
    public void TheEngineIsWhatTheOptionsSay(string engine, params string[] options) => Assert.Equal(engine, Parsed(options).Resolve(new Hashtable()));

    [Theory]
    [InlineData(true, "--master", "local[2]")]
    [InlineData(true, "--remote", "sc://127.0.0.1:15002")]
    [InlineData(false, "--master", "yarn")]
    [InlineData(false, "--master", "spark://host:7077")]
    [InlineData(false, "--remote", "sc://host")]
    public void ExecutorsOfThisMachineAreToldFromOthersByTheAddress(bool here, params string[] options)
    {
        using EngineSource engine = Parsed(options).Source(new Hashtable());
        Assert.Equal(here, engine.IsHere);
    }

    [Theory]
    [InlineData("can be duckdb, spark-connect or microsoft-spark. Did you mean spark-connect?", "--engine", "spark-conect")]
    [InlineData("give one of them", "--master", "local", "--remote", "sc://host")]
    [InlineData("--engine spark-connect needs --master URL", "--engine", "spark-connect")]
    [InlineData("--master is for Spark, and the engine is DuckDB. Leave out --master or --engine duckdb.", "--engine", "duckdb", "--master", "local")]
    [InlineData("--conf is for Spark, and the engine is DuckDB. Add --master URL.", "--conf", "a=b")]
    [InlineData("set it there", "--remote", "sc://host", "--conf", "a=b")]
    [InlineData("--conf spark.x is not of the form key=value", "--master", "local", "--conf", "spark.x")]
    [InlineData("--master is empty", "--master", "")]
    [InlineData("--engine microsoft-spark needs --master URL", "--engine", "microsoft-spark")]
    [InlineData("microsoft-spark runs under spark-submit", "--engine", "microsoft-spark", "--remote", "sc://host")]
    public void WhatDoesNotFitTogetherIsRefusedWithTheCure(string says, params string[] options) =>
        Assert.Contains(says, Assert.Throws<InvalidInputException>(() => Parsed(options).Resolve(new Hashtable())).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("microsoft-spark")]
    [InlineData("microsoft-spark", "--engine", "microsoft-spark")]
    [InlineData("microsoft-spark", "--master", "spark://host:7077", "--executor-memory", "2g")]
    [InlineData("spark-connect", "--remote", "sc://host")]
    [InlineData("duckdb", "--engine", "duckdb")]
    public void UnderSparkSubmitTheEngineIsTheOneThatWorksThere(string engine, params string[] options) =>
        Assert.Equal(engine, Parsed(options).Resolve(UnderSparkSubmit));

    [Theory]
    [InlineData]
    [InlineData("--engine", "microsoft-spark", "--master", "local[2]")]
    public void ABuildWithoutMicrosoftSparkSaysSoBeforeAnythingRunsAndRunsNothingElse(params string[] options)
    {
        string message = Assert.Throws<InvalidInputException>(() => Parsed(options).Source(UnderSparkSubmit)).Message;
        Assert.Contains("This build has no Microsoft.Spark", message, StringComparison.Ordinal);
        Assert.Contains("./submit.sh VERB --engine microsoft-spark", message, StringComparison.Ordinal);
        Assert.Contains("-p:MicrosoftSpark=true -o DIR", message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatGoesToSparkSubmitGoesThereAsItIs() => Assert.Equal(
        ["--conf", "spark.a=b c", "--conf", "spark.d=e=f", "--archives", "x.tar.gz#x"],
        Parsed(["--archives", "x.tar.gz#x", "--conf", "spark.a=b c", "--master", "local", "--conf", "spark.d=e=f"]).SubmitArguments);

    [Fact]
    public void AWrongAddressIsRefusedBeforeAnythingRuns() =>
        Assert.Contains("does not begin with sc://",
            Assert.Throws<InvalidInputException>(() => Parsed(["--remote", "http://host"]).Source(new Hashtable())).Message, StringComparison.Ordinal);

    [Fact]
    public void VerbsWithoutSqlHaveNoEngine()
    {
        using var error = new StringWriter();
        Assert.Equal(ExitCode.InvalidInput,
            CommandLine.Run(["evaluate", "--master", "local"], (_, _) => ExitCode.Done, SilentProgress.Instance, TextWriter.Null, error));
        Assert.Contains("--master is no option of evaluate", error.ToString(), StringComparison.Ordinal);
    }

    private static Hashtable UnderSparkSubmit => new() { ["DOTNETBACKEND_PORT"] = "40123", ["spark.master"] = "local[2]" };

    private static EngineArguments Parsed(string[] options)
    {
        EngineArguments? parsed = null;
        Assert.Equal(ExitCode.Done, CommandLine.Run(["prepare", .. options], (_, arguments) => { parsed =
            arguments.Engine; return ExitCode.Done; }, SilentProgress.Instance, TextWriter.Null, TextWriter.Null));
        return parsed!;
    }
}
