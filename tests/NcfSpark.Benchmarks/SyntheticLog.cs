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
            long activity = (long)(users * Math.Pow(who.Unit(row), UserExponent)), popularity = (long)(items * Math.Pow(what.Unit(row), ItemExponent));
            // One of the neighbours in popularity.
            if (tastes > 0 && taste.Unit(row) < 0.8) popularity = Math.Min(popularity - popularity % tastes + activity % tastes, items - 1);
            long user = Scattered(activity, users), item = Scattered(popularity, items);
            line.TryWrite($"{user + 1},{item + 1},{1_000_000_000 + when.Below(row, 400_000_000)}\n", out int length);
            writer.Write(line[..length]);
        }

        for (int item = 1; item <= heavy; item++)
        {
            writer.Write($"{(dealt ? item % users : users) + 1},{item},{1_000_000_000 + when.Below(rows + item, 400_000_000)}\n");
        }
    }

    // A permutation of 0 … n - 1: the factor is a prime that does not divide n.
    private static long Scattered(long value, long n) => value * 1_000_003 % n;
}
