using System.Collections;
using System.Diagnostics;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>The way to a server in the same process.</summary>
internal sealed class LocalLink(ParameterServer server, int worker, int attempt) : IServerLink
{
    private readonly Guid instance = Guid.NewGuid();
    private string session = "";

    public WorkerSetup Hello() => server.Hello(worker, attempt, instance, beats: false);

    public Assignment Join(long samples, BitArray? used, SampleTotals totals)
    {
        Assignment assignment = server.Join(worker, instance, samples, used, totals).GetAwaiter().GetResult();
        session = assignment.Session;
        return assignment;
    }

    public void ReadState(string path) => File.Copy(server.StateOf(session), path, overwrite: true);

    public void Pull(IReadOnlyList<Weight> shared)
    {
        server.CheckSession(session);
        for (int t = 0; t < shared.Count; t++) server.Shared[t].Values.CopyTo(shared[t].Values);
    }

    public RoundReply Exchange(RoundPush push, ref WorkerTimes times)
    {
        long started = Stopwatch.GetTimestamp();
        Task<RoundReply> waiting = server.Exchange(session, push);
        double giving = Stopwatch.GetElapsedTime(started).TotalSeconds;
        RoundReply reply = waiting.GetAwaiter().GetResult();
        times = times.Plus(new WorkerTimes(1, 0, Stopwatch.GetElapsedTime(started).TotalSeconds - giving, giving, BytesOf(push.Tables), BytesOf(reply.Tables)));
        return reply;
    }

    public EpochVerdict EndEpoch(EpochReport report) => server.EndEpoch(session, report).GetAwaiter().GetResult();

    public void Save(SaveKind kind, int part, Action<Stream> write)
    {
        using (Stream file = server.BeginFile(session, kind, part))
        {
            write(file);
            ((FileStream)file).Flush(flushToDisk: true);
        }

        server.EndFile(session, kind, part);
    }

    public void Saved() => server.Saved(session).GetAwaiter().GetResult();

    public void Report(long samples, double lossSum) => server.Beat(worker, instance, session, samples, lossSum);

    public void Fail(Exception reason)
    {
        try
        {
            server.FailBy(worker, instance, WorkerFailure.Of(WorkerFailure.KindOf(reason), reason.Message, reason));
        }
        catch (Exception answer) when (answer is RunEndedException or RequestRejectedException)
        {
            // Then it is over by something else, or goes on without this worker.
        }
    }

    // What would travel between processes.
    private long BytesOf(TableRows[] tables) => tables.Sum(rows => rows.Bytes(server.Half));
}
