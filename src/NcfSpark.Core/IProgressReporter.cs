namespace NcfSpark.Core;

/// <summary>Where long work says how far it is. The terminal draws a bar from it, a log gets plain lines.</summary>
public interface IProgressReporter
{
    /// <summary>Begins a piece of work of <paramref name="total"/> units (0 where it is not known), such as ("epoch 3 of 20", 503680, "samples").</summary>
    IProgressTask Start(string title, long total, string unit);

    /// <summary>A line worth keeping, such as an epoch's loss.</summary>
    void Line(string text);
}

/// <summary>A piece of work that is under way; disposing it ends it, done or not.</summary>
public interface IProgressTask : IDisposable
{
    /// <summary>Adds to what is done. May be called from any thread.</summary>
    void Advance(long units);

    /// <summary>Adds what was done before this run, such as up to a checkpoint: it counts to the total, and not to the speed.</summary>
    void Resume(long units) => Advance(units);

    /// <summary>A short text beside the bar, such as the running loss.</summary>
    void Detail(string text);
}

/// <summary>Says nothing: for tests and for work inside other work.</summary>
public sealed class SilentProgress : IProgressReporter, IProgressTask
{
    public static SilentProgress Instance { get; } = new();

    public IProgressTask Start(string title, long total, string unit) => this;

    public void Line(string text)
    {
    }

    public void Advance(long units)
    {
    }

    public void Detail(string text)
    {
    }

    public void Dispose()
    {
    }
}
