using System.Text;
using System.Text.Json;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Pipeline;
using NcfSpark.Preparation;
using NcfSpark.Tuning;

namespace NcfSpark.Jobs.Tests.Tuning;

public sealed class SearchDataTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void TheTestPartIsNotThereAndNothingMissesIt()
    {
        JobContext job = Job();
        PreparedData data = Rows(job);
        Assert.Equal(["items", "train", "users", "validation"], Directory.GetDirectories(data.Directory.Path).Select(Path.GetFileName).Order());
        Assert.False(Directory.Exists(Path.Combine(folder.Path, PreparedData.StageName)));
        Assert.Equal(0, data.ReadHeldOut("test").Count);
        Assert.True(data.ReadHeldOut("validation").Count > 0);

        var trials = new SearchTrials(job, folder.Path, data, new TrialJournal(Path.Combine(folder.Path, TrialJournal.FileName)), SilentProgress.Instance);
        Trial trial = trials.Run(new Candidate(0, job.Configuration, new Dictionary<string, string>()), 2, 1, TimeSpan.MaxValue);
        Assert.Null(trial.Failure);
        Assert.InRange(trial.Ndcg!.Value, 0, 1);
    }

    [Fact]
    public void ItIsMadeOnceAndHeldOutItemsAreDrawnAsNegativesLikeAllOthers()
    {
        JobContext job = Job();
        Rows(job);
        DateTime made = File.GetLastWriteTimeUtc(Path.Combine(folder.Path, "data", StageManifest.FileName));
        Rows(job);
        Assert.Equal(made, File.GetLastWriteTimeUtc(Path.Combine(folder.Path, "data", StageManifest.FileName)));
        Assert.Equal((true, AvoidedItems.Trained), (job.Configuration.Prepare.Validation, job.Configuration.Prepare.NegativesAvoid));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void MoreEpochsOfAConstantRateAreTheSameTrainingGoneOnWith(int workers)
    {
        JobContext job = Job(workers);
        PreparedData data = Rows(job);
        var candidate = new Candidate(0, job.Configuration, new Dictionary<string, string>());
        SearchTrials Trials(string name) =>
            new(job, Path.Combine(folder.Path, name), data, new TrialJournal(Path.Combine(folder.Path, $"{name}.jsonl")), SilentProgress.Instance);
        SearchTrials inSteps = Trials("steps"), atOnce = Trials("once");
        inSteps.Run(candidate, 1, 1, TimeSpan.MaxValue);
        Assert.Equal(atOnce.Run(candidate, 3, 1, TimeSpan.MaxValue) with { Seconds = 0 }, inSteps.Run(candidate, 3, 1, TimeSpan.MaxValue) with { Seconds = 0 });
        Assert.True(candidate.GoesOn);
    }

    /// <summary>What is searched is trained as `train` will train it.</summary>
    [Fact]
    public void SeveralWorkersOfACandidateGiveTheValidationOfTraining()
    {
        JobContext job = Job(workers: 3);
        PreparedData data = Rows(job);
        var trials = new SearchTrials(
            job, Path.Combine(folder.Path, "trials"), data, new TrialJournal(Path.Combine(folder.Path, TrialJournal.FileName)), SilentProgress.Instance);
        Trial trial = trials.Run(new Candidate(0, job.Configuration, new Dictionary<string, string>()), 2, 1, TimeSpan.MaxValue);

        string run = Path.Combine(folder.Path, "run");
        Directory.CreateDirectory(run);
        JobContext train = job with { RunDirectory = run, Configuration = job.Configuration with { Train = job.Configuration.Train with { Epochs = 2 } } };
        var pipeline = new StagePipeline(train);
        StageDirectory model = pipeline.Make(new TrainStage(train.Configuration, pipeline.Make(new PrepareStage(train))));
        TrainingLog history = JsonSerializer.Deserialize<TrainingLog>(File.ReadAllText(model.File(TrainingLog.FileName)), TrainingLog.Json)!;
        Assert.Equal(history.Epochs.Max(epoch => epoch.ValidationNdcg), trial.Ndcg);
        Assert.Equal(3, history.Workers.Select(worker => worker.Worker).Distinct().Count());
    }

    private static PreparedData Rows(JobContext job) => new(new StagePipeline(job).Make(new SearchDataStage(job)));

    private JobContext Job(int workers = 1)
    {
        var log = new StringBuilder("user_id,item_id,timestamp\n");
        RandomStream stream = RandomStream.Named(1, "log");
        for (int user = 0; user < 40; user++)
        {
            for (int item = user % 2; item < 30; item += 2)
            {
                if (stream.Unit(user * 30 + item) < 0.8) log.Append($"{user},{item},{1_500_000_000 + stream.Below(10_000 + user * 30 + item, 1_000_000)}\n");
            }
        }

        string path = folder.Write("log.csv", log.ToString());
        NcfSparkConfiguration configuration = ConfigurationLoader.Load(
            Repository.File("conf/ml-latest-small.json"),
            [$"Input:Path={path}", "Input:UserColumn=user_id", "Input:ItemColumn=item_id", "Input:RatingColumn=", "Input:TitlesPath=", "Prepare:Holdout=2",
                "Train:Threads=1", $"Train:Workers={workers}"],
            new System.Collections.Hashtable());
        return new JobContext(SearchDataStage.Searched(configuration), folder.Path, SilentProgress.Instance, TextWriter.Null,
            TimeProvider.System, CancellationToken.None);
    }
}
