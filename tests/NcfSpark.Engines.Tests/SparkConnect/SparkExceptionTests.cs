using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.SparkConnect;

public sealed class SparkExceptionTests
{
    [Theory]
    [InlineData("java.lang.IllegalStateException: Cannot call methods on a stopped SparkContext.\nThis stopped SparkContext was created at:")]
    [InlineData("Job 3 cancelled because SparkContext was shut down")]
    [InlineData("org.apache.spark.SparkException: SparkContext has been shutdown")]
    [InlineData("Job aborted due to stage failure: Master removed our application: FAILED")]
    [InlineData("All masters are unresponsive! Giving up.")]
    [InlineData("[FAILED_READ_FILE.NO_HINT] x\nCaused by: Job 1 cancelled because SparkContext was shut down")]
    public void AStoppedSparkIsNoDamagedFile(string message)
    {
        SqlEngineException failure = SparkException.FromServer(message, null, null, null).ForCallers();
        Assert.True(failure.EngineLost);
        Assert.False(failure.InputAtFault);
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        Assert.StartsWith("Spark has stopped, and its log says why", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ADamagedFileIsOne() => Assert.False(
        SparkException.FromServer("[FAILED_READ_FILE.NO_HINT] Encountered error while reading file /x.", null, null, null).ForCallers().EngineLost);
}
