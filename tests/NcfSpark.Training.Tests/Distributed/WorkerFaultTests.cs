using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Training.Tests.Distributed;

/// <summary>Real workers that fail, or are started twice: the bytes of a run that nobody disturbed, or a clear end.</summary>
public sealed class WorkerFaultTests : IDisposable
{
    private readonly string run = Directory.CreateTempSubdirectory("ncfspark-").FullName;
    private readonly TrainingSet set = Logs.TwoTastes();
    private readonly ModelOptions model = PlainOptions.Model with { Kind = NetworkKind.Gmf, EmbeddingSize = 8 };
    private readonly TrainOptions options = PlainOptions.Train with
    {
        Negatives = NegativeSource.Resampled,
        Epochs = 4,
        BatchSize = 64,
        LearningRate = .01,
        Threads = 1,
        Workers = 2,
        Server = new() { RoundsPerEpoch = 3, WorkerAttempts = 2 },
    };

    public void Dispose() => Directory.Delete(run, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AWorkerThatFailsUnexpectedlyGoesOnFromTheLastCheckpointToTheSameBytes(bool grpc)
    {
        SortedDictionary<string, byte[]> expected = WorkerRun.FilesOf(
            new WorkerRun(set, model, options, Path.Combine(run, "whole")) { Validate = _ => new ValidationScore(.5, 1) }.Threads());
        int validations = 0;
        ValidationScore FailsOnce(ModelWeights weights) =>
            Interlocked.Increment(ref validations) == 5 ? throw new InvalidOperationException("a bug that shows once") : new ValidationScore(.5, 1);
        var lines = new Lines();
        var failing = new WorkerRun(set, model, options, Path.Combine(run, "failing")) { Validate = FailsOnce, Progress = lines };
        WorkerRun.AssertEqual(expected, WorkerRun.FilesOf(grpc ? failing.OverGrpc() : failing.Threads()));
        Assert.Contains(
            lines.All, line => line.Contains("was lost: it failed with InvalidOperationException: a bug that shows once", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AWorkerThatFailsEachTimeEndsTheRunAtTheLimitWithItsOwnException(bool grpc)
    {
        var failing = new WorkerRun(set, model, options with { Server = options.Server with { WorkerAttempts = 2 } },
            run) { Validate = _ => throw new InvalidOperationException("a bug that stays") };
        string message = Assert.Throws<WorkersLostException>(() => grpc ? failing.OverGrpc() : failing.Threads()).Message;
        Assert.Contains("it failed with InvalidOperationException: a bug that stays", message, StringComparison.Ordinal);
        Assert.Contains("That is loss 3 without a checkpoint between, and Train:Server:WorkerAttempts allows 2", message, StringComparison.Ordinal);
    }

    /// <summary>
    /// As Spark does where it believes an executor lost that still works: the task runs again elsewhere, neither knows
    /// its number, and the later one counts.
    /// </summary>
    [Fact]
    public void ATaskThatIsRetriedWhileItsFirstAttemptStillRunsTakesItsPlaceAndTheFirstIsRefused()
    {
        TrainOptions longer = options with { Epochs = 40, Server = options.Server with { WorkerTimeoutSeconds = 600 } }; // the machine may be busy
        SortedDictionary<string, byte[]> expected = WorkerRun.FilesOf(new WorkerRun(set, model, longer, Path.Combine(run, "whole")).Threads());
        var lines = new Lines();
        var twice = new WorkerRun(set, model, longer, Path.Combine(run, "twice")) { Progress = lines };
        var tasks = new RetriedTask(twice.Read, lines.Heard("Epoch 3"));
        WorkerRun.AssertEqual(expected, WorkerRun.FilesOf(twice.Training.Run(tasks, default)));
        Assert.Equal(["", "This attempt of worker 0 is refused: attempt 2 of it counts."], tasks.EndsOfWorker0.Order());
        Assert.Contains(lines.All, line => line.StartsWith("Worker 0 was lost: another attempt came.", StringComparison.Ordinal));
    }

    /// <summary>Workers over gRPC, of which the first is started a second time while it runs.</summary>
    private sealed class RetriedTask(Func<WorkerSetup, WorkerShare, WorkerData> read, WaitHandle retry) : IWorkerPlace
    {
        private readonly List<Thread> threads = [];

        public List<string> EndsOfWorker0 { get; } = []; // "" where it ended well

        public string Description => "tasks";

        public void Start(WorkerCredentials ticket, Action<string> lost)
        {
            if (ticket.Attempt > 1) return; // the query still runs
            Work(ticket, null);
            if (ticket.Worker == 0) Work(ticket, retry);
        }

        public void Dispose() => threads.ForEach(thread => thread.Join());

        private void Work(WorkerCredentials ticket, WaitHandle? after)
        {
            var thread = new Thread(() =>
            {
                string end = "";
                try
                {
                    after?.WaitOne();
                    WorkerProcess.Run(ticket with { Attempt = 0 }, null, read, _ => { }, TimeProvider.System);
                }
                catch (RunEndedException over)
                {
                    end = over.Message;
                }

                lock (EndsOfWorker0)
                {
                    if (ticket.Worker == 0) EndsOfWorker0.Add(end);
                }
            });
            threads.Add(thread);
            thread.Start();
        }
    }

    private sealed class Lines : IProgressReporter
    {
        private readonly List<(string Beginning, ManualResetEvent Heard)> awaited = [];

        public List<string> All { get; } = [];

        public WaitHandle Heard(string beginning)
        {
            var heard = new ManualResetEvent(false);
            awaited.Add((beginning, heard));
            return heard;
        }

        public IProgressTask Start(string title, long total, string unit) => SilentProgress.Instance;

        public void Line(string text)
        {
            All.Add(text);
            foreach ((string beginning, ManualResetEvent heard) in awaited)
            {
                if (text.StartsWith(beginning, StringComparison.Ordinal)) heard.Set();
            }
        }
    }
}
