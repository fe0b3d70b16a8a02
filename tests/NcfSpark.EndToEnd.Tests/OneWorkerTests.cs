using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>One worker as a process or a task of Spark, with a parameter server: every file of the model has the bytes of a run without a server.</summary>
[Collection(RunningSparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class OneWorkerTests(RunningSpark running) : IDisposable
{
    private readonly RunDirectory alone = new(), run = new();

    public static TheoryData<string> Models => ["neumf", "history"];

    public void Dispose()
    {
        alone.Dispose();
        run.Dispose();
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void AsAProcessItGivesTheBytesOfARunWithoutAServer(string model)
    {
        string[] settings = Prepare(model);
        Compare("Training by 1 worker (processes)", [.. settings, "--set", "Train:Placement=processes"], settings);
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void AsATaskOfSparkItGivesTheBytesOfARunWithoutAServer(string model)
    {
        SparkHome.Require();
        string[] settings = Prepare(model);
        Compare("Training by 1 worker (tasks of Spark", [.. settings, "--set", "Train:Placement=spark", .. running.Remote], settings);
    }

    private void Compare(string says, string[] settings, string[] settingsAlone)
    {
        using (var train = new TrainRun([.. settings, "--run", run.Path]))
        {
            Assert.True(train.WaitForExit() == 0, train.Said);
            Assert.Contains(says, train.Said, StringComparison.Ordinal);
        }

        using (var train = new TrainRun([.. settingsAlone, "--run", alone.Path]))
        {
            Assert.True(train.WaitForExit() == 0, train.Said);
            Assert.DoesNotContain("Training by", train.Said, StringComparison.Ordinal); // no server
        }

        Assert.Equal(TrainRun.ModelHash(alone), TrainRun.ModelHash(run));
        Assert.Equal(RunDirectory.HashesIn(alone.File("model")), RunDirectory.HashesIn(run.File("model"))); // the ids
    }

    // Of what depends on all training rows at once everything is in the second: recency, popularity, the batch's softmax, who was used.
    private string[] Prepare(string model)
    {
        string[] settings = [.. SmallLog.Settings(SmallLog.Write(Path.GetDirectoryName(run.Path)!)), "--set", "Train:Patience=2",
            "--set", "Train:Server:CheckpointRounds=3"];
        if (model == "history")
        {
            string[] more =
            [
                "Model:Kind=mf", "Model:User=history", "Model:Dropout=[]", "Model:EmbeddingActivation=none", "Train:Negatives=popularity-untouched",
                "Train:NegativesPerPositive=4",
                "Train:BatchSize=500", "Train:Loss=softmax", "Train:Embeddings:Optimizer=sgd", "Train:Embeddings:LearningRate=0.05", "Train:RecencyScale=10",
                "Train:LearningRateSchedule=linear",
            ];
            settings = [.. settings, .. more.SelectMany(setting => (string[])["--set", setting])];
        }

        foreach (RunDirectory of in new[] { alone, run }) NcfSparkProcess.RunWell(["prepare", .. settings, "--run", of.Path]);
        return settings;
    }
}
