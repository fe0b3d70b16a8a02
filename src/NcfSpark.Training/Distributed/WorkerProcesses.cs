using System.Diagnostics;

namespace NcfSpark.Training.Distributed;

/// <summary>Workers as processes of this machine, each `ncfspark worker` with its ticket in the environment.</summary>
/// <param name="program">The program that starts workers, such as dotnet, with its first arguments, such as the assembly.</param>
internal sealed class WorkerProcesses(string[] program) : IWorkerPlace
{
    private const int KeptLines = 20;

    private readonly Dictionary<int, Process> running = [];
    private bool disposed;

    public string Description => "processes";

    public void Start(WorkerTicket ticket, Action<string> lost)
    {
        lock (running)
        {
            if (disposed) return;
            if (running.Remove(ticket.Worker, out Process? earlier)) End(earlier);
            var start = new ProcessStartInfo(program[0], program[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
            WorkerEnvironment.Write(start.Environment, ticket);
            var process = new Process { StartInfo = start, EnableRaisingEvents = true };
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
            process.Exited += (_, _) =>
            {
                lock (running)
                {
                    if (disposed || !running.TryGetValue(ticket.Worker, out Process? now) || now != process) return;
                }

                process.WaitForExit(); // its last lines
                if (process.ExitCode == 0) return;
                lock (said) lost($"its process ended with code {process.ExitCode}{(said.Count == 0 ? "" : $" and said \"{string.Join('\n', said)}\"")}");
            };
            running[ticket.Worker] = process; // before it can exit
            process.Start();
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }
    }

    public void Dispose()
    {
        lock (running)
        {
            disposed = true;
            foreach (Process process in running.Values)
            {
                process.WaitForExit(TimeSpan.FromSeconds(2)); // after a good run they end by themselves
                End(process);
            }

            running.Clear();
        }
    }

    private static void End(Process process)
    {
        try
        {
            process.Kill();
            process.WaitForExit();
        }
        catch (InvalidOperationException)
        {
            // It had ended, or never started.
        }

        process.Dispose();
    }
}
