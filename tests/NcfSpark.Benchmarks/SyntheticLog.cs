using NcfSpark.Core;

namespace NcfSpark.Benchmarks;

/// <summary>
/// A log in which activity of users and popularity of items follow power laws, as in MovieLens 20M: 138,000 users and 27,000 items there.
/// A few percent of its rows repeat an earlier (user, item).
/// </summary>
/// <remarks>
/// A value is floor(n · u^e) with u uniform: its density falls with the power 1/e - 1. Users and items are then
/// scattered over the ids, so that id order says nothing.
/// </remarks>
internal static class SyntheticLog
{
    public const double UserExponent = 1.9;

    private const double ItemExponent = 2.2;

    private const int RowsOfGroup = 1 << 20, GroupsOfFile = 16;

    /// <summary>
    /// Users and items of a log of so many rows, on the line (in logarithms) through MovieLens 20M (138,493 and 26,744) and its expansion by MLPerf
    /// to 1.22 billion rows (2,197,225 and 855,776).
    /// </summary>
    public static (int Users, int Items) SizeOf(long rows)
    {
        double times = Math.Log(rows / 20_000_263.0) / Math.Log(1_223_962_043 / 20_000_263.0);
        return ((int)(138_493 * Math.Pow(2_197_225 / 138_493.0, times)), (int)(26_744 * Math.Pow(855_776 / 26_744.0, times)));
    }

    /// <summary>
    /// Writes the log as Parquet files of 16 million rows (userId, movieId, timestamp) into a new folder, a group at a time, so in a memory that does not grow.
    /// Rows come in the order of time, as where interactions are appended. Users have tastes, as in <see cref="WriteCsv"/>.
    /// </summary>
    public static void WriteParquet(string folder, long rows, int users, int items, long seed, int tastes)
    {
        var who = RandomStream.Named(seed, "user");
        var what = RandomStream.Named(seed, "item");
        var taste = RandomStream.Named(seed, "taste");
        ParquetFile? file = null;
        try
        {
            for (long start = 0, group = 0; start < rows; start += RowsOfGroup, group++)
            {
                if (group % GroupsOfFile == 0)
                {
                    file?.Dispose();
                    file = ParquetFile.Create(Path.Combine(folder, $"part-{group / GroupsOfFile:00000}.parquet"),
                        ("userId", typeof(long)), ("movieId", typeof(long)), ("timestamp", typeof(long)));
                }

                long first = start;
                int count = (int)Math.Min(RowsOfGroup, rows - start);
                long[] userIds = new long[count], itemIds = new long[count], times = new long[count];
                Parallel.For(0, count, row =>
                {
                    (userIds[row], itemIds[row]) = Pair(first + row, users, items, tastes, who, what, taste);
                    times[row] = 1_000_000_000 + (long)((first + row) / (double)rows * 400_000_000);
                });
                file!.WriteGroup(userIds, itemIds, times);
            }
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>Writes the log as CSV with a line of names: userId,movieId,timestamp.</summary>
    /// <param name="heavy">Interactions, each with another item, of one user more; 0 for no such user.</param>
    /// <param name="tastes">Of which each user has one, and each item: four of five interactions are with an item of
    /// the user's taste. 0 for none, and nothing to be learned but popularity.</param>
    /// <param name="dealt">Whether the interactions of that one user are dealt to the others in turn.</param>
    public static void WriteCsv(string path, long rows, int users, int items, long seed, int heavy = 0, int tastes = 0, bool dealt = false)
    {
        var who = RandomStream.Named(seed, "user");
        var what = RandomStream.Named(seed, "item");
        var when = RandomStream.Named(seed, "timestamp");
        var taste = RandomStream.Named(seed, "taste");
        using var writer = new StreamWriter(path, append: false, System.Text.Encoding.ASCII, bufferSize: 1 << 20);
        writer.Write("userId,movieId,timestamp\n");
        Span<char> line = stackalloc char[64];
        for (long row = 0; row < rows; row++)
        {
            (long user, long item) = Pair(row, users, items, tastes, who, what, taste);
            line.TryWrite($"{user},{item},{1_000_000_000 + when.Below(row, 400_000_000)}\n", out int length);
            writer.Write(line[..length]);
        }

        for (int item = 1; item <= heavy; item++)
        {
            writer.Write($"{(dealt ? item % users : users) + 1},{item},{1_000_000_000 + when.Below(rows + item, 400_000_000)}\n");
        }
    }

    // The ids of a row, from 1.
    private static (long User, long Item) Pair(long row, int users, int items, int tastes, RandomStream who, RandomStream what, RandomStream taste)
    {
        long activity = (long)(users * Math.Pow(who.Unit(row), UserExponent)), popularity = (long)(items * Math.Pow(what.Unit(row), ItemExponent));
        // One of the neighbours in popularity.
        if (tastes > 0 && taste.Unit(row) < 0.8) popularity = Math.Min(popularity - popularity % tastes + activity % tastes, items - 1);
        return (Scattered(activity, users) + 1, Scattered(popularity, items) + 1);
    }

    // A permutation of 0 … n - 1: the factor is a prime that does not divide n.
    private static long Scattered(long value, long n) => value * 1_000_003 % n;
}
