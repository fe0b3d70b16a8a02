using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using NcfSpark.Configuration;

namespace NcfSpark.Benchmarks;

/// <summary>What a process took, and said.</summary>
/// <param name="Seconds">By the clock.</param>
/// <param name="CpuSeconds">Processor time of all threads.</param>
/// <param name="PeakMegabytes">The most memory that was in use at any time (peak resident set, VmHWM).</param>
internal sealed record ProcessFigures(double Seconds, double CpuSeconds, double PeakMegabytes, string Output)
{
    /// <summary>What it read and wrote by system calls, from the disk or from memory (rchar and wchar of /proc/PID/io). Mapped files are not in it.</summary>
    public (double Read, double Written) Megabytes { get; init; }

    // Often at first, so that a short process is seen shortly before its end; of a long one a fifth of a second is little.
    private const int PollMilliseconds = 20, LongPollMilliseconds = 200, LongMilliseconds = 20_000;

    /// <summary>Runs it to its end, which must be a good one.</summary>
    public static ProcessFigures Measure(string program, IEnumerable<string> arguments, string directory)
    {
        long started = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = directory, RedirectStandardOutput = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        (double cpu, double peak, (double, double) megabytes) = (0, 0, default);
        while (!process.WaitForExit(Stopwatch.GetElapsedTime(started).TotalMilliseconds < LongMilliseconds ? PollMilliseconds : LongPollMilliseconds))
        {
            process.Refresh();
            try
            {
                (cpu, peak) = (process.TotalProcessorTime.TotalSeconds, Math.Max(peak, process.PeakWorkingSet64 / 1e6));
                string[] io = File.ReadAllLines($"/proc/{process.Id}/io"); // rchar: 1, wchar: 2, …
                megabytes = (Count(io[0]), Count(io[1]));
            }
            catch (Exception gone) when (gone is InvalidOperationException or Win32Exception or IOException or UnauthorizedAccessException)
            {
                // it has just ended
            }
        }

        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        string text = output.GetAwaiter().GetResult();
        return process.ExitCode == 0
            ? new ProcessFigures(seconds, cpu, peak, text) { Megabytes = megabytes }
            : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {string.Join(' ', arguments)}\n{text}");
    }
    private static double Count(string line) => long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture) / 1e6;
}
