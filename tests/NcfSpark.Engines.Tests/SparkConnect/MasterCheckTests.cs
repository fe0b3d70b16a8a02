using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.SparkConnect;

public sealed class MasterCheckTests
{
    [Theory]
    [InlineData("spark://a:7077", 1)]
    [InlineData("spark://a:7077,b:7077", 2)]
    public void WhenSparkAsksTheMastersAThirdTimeNoneHasAnswered(string master, int masters)
    {
        var log = new ServerLog();
        for (int i = 0; i < 2 * masters; i++) log.Add($"26/11/24 17:27:53 INFO StandaloneAppClient$ClientEndpoint: Connecting to master spark://{i}:7077...");
        Assert.False(MasterCheck.IsIgnored(master, log));
        log.Add("26/11/24 17:28:33 INFO StandaloneAppClient$ClientEndpoint: Connecting to master spark://0:7077...");
        Assert.True(MasterCheck.IsIgnored(master, log));
        Assert.False(MasterCheck.IsIgnored("local[2]", log));
    }

    [Fact]
    public void TheLastWordsAreErrorsAndTheirCausesWithoutStacks()
    {
        var log = new ServerLog();
        string[] lines =
        [
            "26/11/24 17:16:37 WARN Utils: Your hostname, vm, resolves to a loopback address",
            "26/11/24 17:16:47 INFO SparkContext: all is well",
            "26/11/24 17:16:47 ERROR SparkContext: Error initializing SparkContext.",
            "java.lang.IllegalStateException: no",
            "\tat org.apache.spark.deploy.SparkSubmit.main(SparkSubmit.scala)",
            "org.apache.spark.deploy.SparkSubmit$$anon$2.doSubmit(SparkSubmit.scala:1171)",
        ];
        foreach (string line in lines) log.Add(line);
        Assert.Equal("\n  26/11/24 17:16:47 ERROR SparkContext: Error initializing SparkContext.\n  java.lang.IllegalStateException: no", log.Tail());
        Assert.Equal("java.lang.IllegalStateException: no", log.Latest);
    }
}
