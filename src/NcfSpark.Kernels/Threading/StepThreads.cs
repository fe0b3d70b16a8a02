using System.Runtime.ExceptionServices;

namespace NcfSpark.Kernels;

/// <summary>The threads of a step, which work together on one run after another. The caller's is number 0; the others sleep between runs.</summary>
internal sealed class StepThreads : IDisposable
{
    private const int SpinsBeforeYield = 500; // some 10 µs, longer than threads with cores of their own are apart; then others may have the core

    private readonly Action<int> work;
    private readonly Thread[] others;
    private readonly SemaphoreSlim start = new(0);
    private volatile int atWork;
    private volatile bool finished;
    private volatile bool disposed;
    private volatile Exception? failure;

    /// <param name="count">At least 1.</param>
    /// <param name="name">What the threads are called.</param>
    /// <param name="work">A thread's part of a run, given its number: works until <see cref="Finished"/>.</param>
    public StepThreads(int count, string name, Action<int> work)
    {
        this.work = work;
        others = [.. Enumerable.Range(1, count - 1).Select(number => new Thread(() => Serve(number)) { IsBackground = true, Name = $"{name} {number}" })];
        foreach (Thread other in others) other.Start();
    }

    /// <summary>Whether the run is over, by its last piece of work or by a failure.</summary>
    public bool Finished => finished;

    /// <summary>Ends the run.</summary>
    public void Finish() => finished = true;

    /// <summary>A run by all threads. What it needs was written before.</summary>
    /// <exception cref="Exception">Whatever a thread's work threw.</exception>
    public void Run()
    {
        (finished, failure) = (false, null);
        atWork = others.Length;
        if (others.Length > 0) start.Release(others.Length);
        Guarded(0);
        while (atWork > 0) Thread.SpinWait(1); // they still read what the next run will set
        if (failure is { } thrown) ExceptionDispatchInfo.Throw(thrown);
    }

    /// <summary>Passes the time of a thread that finds nothing to do.</summary>
    /// <param name="times">How often it found nothing, one after another.</param>
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
#pragma warning disable CA1031 // Whatever it is, the other threads must not wait for this one, and the caller is told.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
            finished = true;
        }
    }
}
