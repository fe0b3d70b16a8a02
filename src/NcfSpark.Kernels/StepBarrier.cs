namespace NcfSpark.Kernels;

/// <summary>
/// Where the step's threads wait for each other: a step is shorter than it takes to wake a sleeping thread, so they spin, and where that lasts
/// (another process has the core) yield. While waiting, a thread does spare work.
/// </summary>
/// <param name="participants">How many threads meet.</param>
internal sealed class StepBarrier(int participants)
{
    private const int SpinsBeforeYield = 2000; // about 50 µs, more than two threads of one step are apart on cores of their own

    private int arrived;
    private volatile int phase;
    private volatile bool broken;

    /// <summary>Lets nobody wait any more: a thread has failed and will not come.</summary>
    public void Break() => broken = true;

    /// <summary>Makes the barrier whole again.</summary>
    public void Reset() => (arrived, broken) = (0, false);

    /// <summary>Waits until all have come.</summary>
    /// <param name="lastArrived">Run by the last to come, before the others go on.</param>
    /// <param name="spare">Does a little spare work; false where there is none.</param>
    /// <returns>False where the barrier is broken.</returns>
    public bool Wait(Action lastArrived, Func<bool> spare)
    {
        int current = phase;
        if (Interlocked.Increment(ref arrived) == participants)
        {
            arrived = 0;
            lastArrived();
            phase = current + 1;
            return !broken;
        }

        for (int spins = 0; phase == current && !broken;)
        {
            if (spare()) continue;
            if (++spins < SpinsBeforeYield) Thread.SpinWait(1);
            else Thread.Yield();
        }

        return !broken;
    }
}
