using Grpc.Core;
using NcfSpark.Core;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// A worker as a process of its own, wherever it was started: it needs to reach the server, and its rows. It ends by itself when the run is over or goes
/// on without it, when the server has been silent for as long as the server would wait for it, and when the process that started it is gone.
/// </summary>
public static class WorkerProcess
{
    private static readonly TimeSpan interval = TimeSpan.FromSeconds(0.5);

    /// <summary>Works until the run is over.</summary>
    /// <param name="threads">Its threads; null for what the server says.</param>
    /// <param name="end">Ends the process at once, given why: called from another thread than the worker's, which may be anywhere.</param>
    /// <exception cref="Exception">What ended the run by this worker's fault; the server was told.</exception>
    public static void Run(WorkerCredentials credentials, int? threads, Func<WorkerSetup, WorkerShare, WorkerData> read, Action<string> end, TimeProvider time)
    {
        using var link = new GrpcLink(credentials) { Threads = threads };
        using var done = new CancellationTokenSource();
        double patience = 0; // of the server, once it has said how long it waits; before, there is only the parent to watch
        var beating = new Thread(() => Beat(link, () => Volatile.Read(ref patience), end, time, done.Token)) { IsBackground = true, Name = "beat" };
        var worker = new Worker(
            link,
            credentials.Worker,
            (setup, share) =>
            {
                Volatile.Write(ref patience, setup.Train.Server.WorkerTimeoutSeconds);
                return read(setup, share);
            },
            time);
        beating.Start();
        try
        {
            worker.Run();
        }
        finally
        {
            done.Cancel();
            beating.Join();
        }
    }

    private static void Beat(GrpcLink link, Func<double> patience, Action<string> end, TimeProvider time, CancellationToken done)
    {
        int parent = LinuxProcess.Parent();
        long answered = time.GetTimestamp();
        while (!done.IsCancellationRequested)
        {
            if (LinuxProcess.Parent() != parent)
            {
                end("the process that started this worker is gone");
                return;
            }

            try
            {
                if (patience() > 0) link.Beat(TimeSpan.FromSeconds(patience()), time);
                answered = time.GetTimestamp();
            }
            catch (RunEndedException over)
            {
                if (!done.WaitHandle.WaitOne(interval)) end(over.Message); // unless the worker has heard it, too
                return;
            }
            catch (RpcException silence)
            {
                if (time.GetElapsedTime(answered).TotalSeconds > patience())
                {
                    end($"nothing was heard of the server for {patience():0.#} s: {silence.Status.Detail}");
                    return;
                }
            }

            done.WaitHandle.WaitOne(interval);
        }
    }
}
