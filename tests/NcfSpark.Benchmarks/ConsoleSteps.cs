using System.Diagnostics;
using NcfSpark.Core;

namespace NcfSpark.Benchmarks;

/// <summary>Prints how long each step took, by the clock and summed over processors, on standard error.</summary>
internal sealed class ConsoleSteps : IProgressReporter, IProgressTask
{
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private TimeSpan processor = Process.GetCurrentProcess().TotalProcessorTime;
    private string step = "";

    public IProgressTask Start(string title, long total, string unit) => this;

    public void Line(string text) => Console.Error.WriteLine($"  {text}");

    public void Advance(long units)
    {
        TimeSpan now = Process.GetCurrentProcess().TotalProcessorTime;
        Console.Error.WriteLine($"  {step,-10} {watch.Elapsed.TotalSeconds,7:F2} s, {(now - processor).TotalSeconds,7:F2} s of processors");
        processor = now;
        watch.Restart();
    }

    public void Detail(string text) => step = text;

    public void Dispose()
    {
    }
}
