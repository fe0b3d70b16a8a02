using System.Diagnostics;

namespace NcfSpark.Benchmarks;

/// <summary>
/// How long a changed cache line takes from one core to another. The step's threads hand over rows and sums, so their speed together depends on it,
/// and on a virtual machine it changes from minute to minute with the cores that the host lends: about 25 ns where they share a
/// third-level cache, 170 ns and more where they do not.
/// </summary>
internal static class CoreDistance
{
    private const int Exchanges = 20_000; // 1 to 10 ms

    /// <returns>Nanoseconds one way, the mean of many exchanges.</returns>
    public static double Measure()
    {
        int ball = 0;
        var other = new Thread(() =>
        {
            for (int i = 0; i < Exchanges; i++)
            {
                while (Volatile.Read(ref ball) != (2 * i) + 1) { }
                Volatile.Write(ref ball, (2 * i) + 2);
            }
        });
        other.Start();
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < Exchanges; i++)
        {
            Volatile.Write(ref ball, (2 * i) + 1);
            while (Volatile.Read(ref ball) != (2 * i) + 2) { }
        }

        double nanoseconds = Stopwatch.GetElapsedTime(started).TotalNanoseconds;
        other.Join();
        return nanoseconds / (2 * Exchanges);
    }
}
