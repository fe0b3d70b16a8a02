namespace NcfSpark.Training.Distributed;

/// <summary>Where workers wait for one another. Used under its owner's lock.</summary>
internal sealed class Barrier<T>(int workers)
{
    private readonly TaskCompletionSource<T>?[] waiting = new TaskCompletionSource<T>?[workers];

    /// <summary>Whether all are there.</summary>
    public bool IsComplete => Array.TrueForAll(waiting, one => one is not null);

    /// <summary>Who is missing.</summary>
    public IEnumerable<int> Missing => Enumerable.Range(0, workers).Where(worker => waiting[worker] is null);

    public bool Has(int worker) => waiting[worker] is not null;

    /// <summary>A worker comes; what it gets once all are there.</summary>
    public Task<T> Arrive(int worker)
    {
        var one = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[worker] = one;
        return one.Task;
    }

    /// <summary>Lets all go on, and closes behind them.</summary>
    public void Release(Func<int, T> with)
    {
        for (int worker = 0; worker < workers; worker++)
        {
            TaskCompletionSource<T>? one = waiting[worker];
            waiting[worker] = null;
            one?.SetResult(with(worker));
        }
    }

    /// <summary>Sends one away.</summary>
    public void Break(int worker, Exception reason)
    {
        TaskCompletionSource<T>? one = waiting[worker];
        waiting[worker] = null;
        one?.SetException(reason);
    }

    /// <summary>Sends all who wait away.</summary>
    public void Break(Exception reason)
    {
        for (int worker = 0; worker < workers; worker++) Break(worker, reason);
    }
}
