using System.Diagnostics;

namespace NcfSpark.Training.Distributed;

/// <summary>Workers as processes of this machine, each `ncfspark worker` with its credentials in the environment.</summary>
/// <param name="program">The program that starts workers, such as dotnet, with its first arguments, such as the assembly.</param>
internal sealed class WorkerProcesses(string[] program) : IWorkerPlace
{
    private const int KeptLines = 20;

    private readonly Dictionary<int, Process> running = [];
    private bool disposed;

    public string Description => "processes";

    public void Start(WorkerCredentials credentials, Action<string> lost)
    {
        var start = new ProcessStartInfo(program[0], program[1..])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        WorkerEnvironment.Write(start.Environment, credentials);
        var process = new Process { StartInfo = start };
        var said = new Queue<string>();
        void Keep(string? line)
        {
            if (line is null) return;
            lock (said)
            {
                said.Enqueue(line);
                if (said.Count > KeptLines) said.Dequeue();
            }
        }

        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        Process? earlier;
        lock (running)
        {
            if (disposed) return;
            running.Remove(credentials.Worker, out earlier);
            process.Start();
            running[credentials.Worker] = process;
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _ = Watch();
        if (earlier is not null) End(earlier);

        async Task Watch()
        {
            await process.WaitForExitAsync(); // and its last lines
            lock (running)
            {
                if (disposed || running.GetValueOrDefault(credentials.Worker) != process || process.ExitCode == 0) return;
            }

            string last;
            lock (said) last = string.Join('\n', said);
            lost($"its process ended with code {process.ExitCode}{(last.Length == 0 ? "" : $" and said \"{last}\"")}");
        }
    }

    // Nothing is waited for under the lock: a process's own events wait for it.
    public void Dispose()
    {
        Process[] left;
        lock (running)
        {
            disposed = true;
            left = [.. running.Values];
            running.Clear();
        }

        foreach (Process process in left)
        {
            process.WaitForExit(TimeSpan.FromSeconds(2)); // after a good run they end by themselves
            End(process);
        }
    }

    private static void End(Process process)
    {
        process.Kill(); // does nothing to one that has ended
        process.WaitForExit();
    }
}
