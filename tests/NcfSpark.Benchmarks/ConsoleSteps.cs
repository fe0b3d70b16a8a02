using System.Diagnostics;
using NcfSpark.Data;

namespace NcfSpark.Benchmarks;

/// <summary>Prints how long each step took, on standard error.</summary>
internal sealed class ConsoleSteps : IProgressReporter, IProgressTask
{
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private string step = "";

    public IProgressTask Start(string title, long total, string unit) => this;

    public void Line(string text) => Console.Error.WriteLine($"  {text}");

    public void Advance(long units)
    {
        Console.Error.WriteLine($"  {step,-10} {watch.Elapsed.TotalSeconds,7:F2} s");
        watch.Restart();
    }

    public void Detail(string text) => step = text;

    public void Dispose()
    {
    }
}
