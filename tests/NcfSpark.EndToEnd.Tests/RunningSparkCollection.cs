namespace NcfSpark.EndToEnd.Tests;

/// <summary>The classes that share a <see cref="RunningSpark"/>.</summary>
[CollectionDefinition(Name)]
public sealed class RunningSparkCollection : ICollectionFixture<RunningSpark>
{
    public const string Name = "running Spark";
}
