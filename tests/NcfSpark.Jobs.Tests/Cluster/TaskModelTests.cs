using System.Reflection;
using NcfSpark.Cluster;
using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Jobs.Tests.Cluster;

public sealed class TaskModelTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    // NoSuchFileException …recommendations.model.tar.gz: ADD ARCHIVE gives Spark a path, which its driver reads when an executor asks for it.
    [Fact]
    public void WhatIsShippedIsThereWhenSparkReadsItLater()
    {
        StageDirectory model = SmallModel();
        var engine = (IClusterEngine)DispatchProxy.Create<IClusterEngine, LateReader>();
        string archive = Path.Combine(folder.Path, "recommendations.model.tar.gz"), there = TaskModel.Ship(engine, model, null, archive);
        Assert.Equal((archive, there), (((LateReader)engine).Archive, $"./{((LateReader)engine).Alias}"));
        Assert.True(new FileInfo(archive).Length > 0);
        Assert.Equal([archive], Directory.GetFiles(folder.Path));
    }

    private StageDirectory SmallModel()
    {
        using StageWriter writer = StageWriter.Begin(folder.Path, "model");
        File.WriteAllText(writer.File("weights.bin"), "weights");
        return writer.Publish(new StageManifest { Stage = "model", Fingerprint = "f", MadeFrom = [], Configuration = [], Seed = 1, Rows = [] });
    }

    /// <summary>An engine that keeps the path, as Microsoft.Spark's does.</summary>
    public class LateReader : DispatchProxy
    {
        public string Archive { get; private set; } = "";

        public string Alias { get; private set; } = "";

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod?.Name != nameof(IClusterEngine.Ship)) throw new NotSupportedException();
            (Archive, Alias) = ((string)args![0]!, (string)args[1]!);
            return $"./{Alias}";
        }
    }
}
