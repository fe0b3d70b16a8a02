using System.Diagnostics;
using NcfSpark.Configuration;

namespace NcfSpark.Benchmarks;

/// <summary>What a process took, and said.</summary>
/// <param name="Seconds">By the clock.</param>
/// <param name="CpuSeconds">Processor time of all threads.</param>
/// <param name="PeakMegabytes">The most memory that was in use at any time (peak resident set).</param>
internal sealed record ProcessFigures(double Seconds, double CpuSeconds, double PeakMegabytes, string Output)
{
    private const int PollMilliseconds = 20;

    /// <summary>Runs it to its end, which must be a good one.</summary>
    public static ProcessFigures Measure(string program, IEnumerable<string> arguments, string directory)
    {
        long started = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = directory, RedirectStandardOutput = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        (double cpu, double peak) = (0, 0);
        while (!process.WaitForExit(PollMilliseconds))
        {
            process.Refresh();
            try
            {
                (cpu, peak) = (process.TotalProcessorTime.TotalSeconds, Math.Max(peak, process.PeakWorkingSet64 / 1e6));
            }
            catch (Exception gone) when (gone is InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                // it has just ended
            }
        }

        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        string text = output.GetAwaiter().GetResult();
        return process.ExitCode == 0
            ? new ProcessFigures(seconds, cpu, peak, text)
            : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {string.Join(' ', arguments)}\n{text}");
    }
}
