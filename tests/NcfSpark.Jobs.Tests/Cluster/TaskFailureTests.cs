using NcfSpark.Cluster;
using NcfSpark.Engines;

namespace NcfSpark.Jobs.Tests.Cluster;

public sealed class TaskFailureTests
{
    [Fact]
    public void WhatATaskSaidIsFoundInWhateverSparkWrapsItIn()
    {
        string wrapped = "Job aborted due to stage failure: Task 3 …\nCaused by: Subprocess exited with status 2. Error: "
            + $"{TaskFailure.Marked("model/ is gone. Mend it.")}\n\tat org.apache…";
        Assert.Equal("model/ is gone. Mend it.", TaskFailure.In(Failure(wrapped)));
    }

    [Theory]
    [InlineData("Subprocess exited with status 127. Error: /bin/bash: line 1: /opt/x/ncfspark: No such file or directory\n\tat org",
        "/opt/x/ncfspark: No such file or directory The executors cannot start this program")]
    [InlineData("java.io.IOException: Stream closed\n\tat org.apache.spark.sql.execution.SparkScriptTransformationWriterThread.processRows",
        "ended before it had read its rows")]
    [InlineData("Subprocess exited with status 137. Error: ", "It was killed, mostly for memory")]
    [InlineData("Subprocess exited with status 3. Error: ", "Subprocess exited with status 3")]
    public void AScriptThatDidNotStartIsToldWithTheCure(string message, string says) =>
        Assert.Contains(says, TaskFailure.In(Failure(message)), StringComparison.Ordinal);

    [Fact]
    public void OtherFailuresAreLeftAlone() => Assert.Null(TaskFailure.In(Failure("[PATH_NOT_FOUND] …")));

    [Fact]
    public void ALongMessageKeepsWithinWhatSparkKeeps() => Assert.InRange(TaskFailure.Marked(new string('x', 10_000)).Length, 1500, 2048);

    private static SqlEngineException Failure(string message) => new(message, new InvalidOperationException());
}
