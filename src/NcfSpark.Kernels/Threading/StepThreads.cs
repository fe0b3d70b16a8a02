using System.Runtime.ExceptionServices;

namespace NcfSpark.Kernels;

/// <summary>
/// The threads of a training step. They work together on one run after another; thread 0 is the caller, the others
/// sleep between runs.
/// </summary>
internal sealed class StepThreads : IDisposable
{
    // About 10 µs, longer than threads with cores of their own wait for each other; then the core is offered to others.
    private const int SpinsBeforeYield = 500;

    private readonly Action<int> work;
    private readonly Thread[] others;
    private readonly SemaphoreSlim start = new(0);
    private volatile int atWork;
    private volatile bool finished;
    private volatile bool disposed;
    private volatile Exception? failure;

    /// <param name="count">At least 1.</param>
    /// <param name="name">Name of the threads.</param>
    /// <param name="work">What a thread does in a run, given its number. It must return once <see cref="Finished"/> is
    /// true.</param>
    public StepThreads(int count, string name, Action<int> work)
    {
        this.work = work;
        others = [.. Enumerable.Range(1, count - 1).Select(number => new Thread(() => Serve(number)) { IsBackground = true, Name = $"{name} {number}" })];
        foreach (Thread other in others) other.Start();
    }

    /// <summary>Whether the run is over: all work is done, or a thread failed.</summary>
    public bool Finished => finished;

    /// <summary>Ends the run.</summary>
    public void Finish() => finished = true;

    /// <summary>
    /// Runs the work on all threads and returns when all have finished. Whatever it reads must be written before.
    /// </summary>
    /// <exception cref="Exception">The exception that a thread's work threw.</exception>
    public void Run()
    {
        (finished, failure) = (false, null);
        atWork = others.Length;
        if (others.Length > 0) start.Release(others.Length);
        Guarded(0);
        while (atWork > 0) Thread.SpinWait(1); // they may still read what the next run changes
        if (failure is { } thrown) ExceptionDispatchInfo.Throw(thrown);
    }

    /// <summary>Waits a moment, for a thread that finds nothing to do.</summary>
    /// <param name="times">How often in a row it found nothing.</param>
    public static void Wait(int times)
    {
        if (times < SpinsBeforeYield) Thread.SpinWait(1);
        else Thread.Yield();
    }

    public void Dispose()
    {
        disposed = true;
        if (others.Length > 0) start.Release(others.Length);
        foreach (Thread other in others) other.Join();
        start.Dispose();
    }

    private void Serve(int number)
    {
        while (true)
        {
            start.Wait();
            if (disposed) return;
            Guarded(number);
            Interlocked.Decrement(ref atWork);
        }
    }

    private void Guarded(int number)
    {
        try
        {
            work(number);
        }
#pragma warning disable CA1031 // Whatever was thrown, the other threads must not wait for this one; Run throws it again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
            finished = true;
        }
    }
}
