namespace NcfSpark.Engines.Tests.SparkConnect;

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
