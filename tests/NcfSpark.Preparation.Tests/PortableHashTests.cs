using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

[Collection(EngineCollection.Name)]
public sealed class PortableHashTests(EngineFixture fixture)
{
    [Fact]
    public void SqlAndCSharpGiveTheSameNumbers()
    {
        long start = PortableHash.Start(17, "negatives");
        string rows = "(SELECT CAST(u * 31 AS BIGINT) AS u, CAST(2147483646 - u * 7919 AS BIGINT) AS i, draw FROM range(0, 200) AS r(u) CROSS "
            + "JOIN range(0, 5) AS d(draw))";
        string byUser = PortableHashSql.Absorb(rows, "u, i, draw", $"{start}", "u", "h");
        string byItem = PortableHashSql.Absorb($"({byUser})", "u, i, draw", "h", "i", "h");
        string byDraw = PortableHashSql.AbsorbSmall($"({byItem})", "u, i, draw", "h", "draw", "h");
        foreach (IReadOnlyList<object?> row in fixture.Engine.Query(PortableHashSql.Finish($"({byDraw})", "u, i, draw", "h")))
        {
            Assert.Equal(Hash(start, (long)row[0]!, (long)row[1]!, (long)row[2]!), row[3]);
        }
    }

    [Fact]
    public void NoStepOverflowsAtTheEnds()
    {
        foreach (long state in new[] { 0, 1, PortableHash.P - 1 })
        {
            foreach (long value in new[] { 0, 1, PortableHash.P - 1, int.MaxValue })
            {
                Assert.InRange(checked(PortableHash.Absorb(state, value)), 0, PortableHash.P - 1);
            }

            Assert.InRange(PortableHash.Finish(state), 0, PortableHash.P - 1);
        }

        foreach (string query in new[]
        {
            PortableHashSql.AbsorbSmall("(SELECT CAST(2147483646 AS BIGINT) AS s)", "s", "s", "CAST(268435455 AS BIGINT)", "h"),
            PortableHashSql.Finish("(SELECT CAST(2147483646 AS BIGINT) AS s)", "1 AS one", "s"),
        })
        {
            Assert.InRange((long)fixture.Engine.Query(query)[0][1]!, 0, PortableHash.P - 1);
        }
    }

    [Fact]
    public void TheRoundIsAPermutation()
    {
        // x^5 has the inverse x^d with 5 d = 1 modulo p - 1; d = (4 (p - 1) + 1) / 5 since p - 1 = 1 modulo 5.
        long exponent = (4 * (PortableHash.P - 1) + 1) / 5;
        Assert.Equal(1, exponent * 5 % (PortableHash.P - 1));
        foreach (long state in new[] { 0, 1, 2, 12345, 2147483000, PortableHash.P - 1 })
        {
            long root = (long)System.Numerics.BigInteger.ModPow(PortableHash.Absorb(state, 7), exponent, PortableHash.P);
            Assert.Equal((state + 7 + PortableHash.AbsorbConstant) % PortableHash.P, root);
        }
    }

    [Theory]
    [InlineData("seeds")]
    [InlineData("users")]
    [InlineData("items")]
    [InlineData("draws")]
    public void BucketsAreUniformAlongEveryInput(string along)
    {
        const int Buckets = 1000, Count = 1_000_000;
        int[] counts = new int[Buckets];
        for (int n = 0; n < Count; n++)
        {
            long hash = along switch
            {
                "seeds" => Hash(PortableHash.Start(n, "negatives"), 3, 4, 5),
                "users" => Hash(PortableHash.Start(1, "negatives"), n, 4, 5),
                "items" => Hash(PortableHash.Start(1, "negatives"), 3, n, 5),
                _ => Hash(PortableHash.Start(1, "negatives"), 3, 4, n),
            };
            counts[PortableHash.Below(hash, Buckets)]++;
        }

        Assert.InRange(ChiSquare(counts), 999 - 4 * 44.7, 999 + 4 * 44.7); // its standard deviation is √(2 · 999)
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(0, 1, 0)]
    [InlineData(0, 0, 1)]
    [InlineData(1, -1, 0)]
    [InlineData(0, 1, -1)]
    public void NeighboursAreIndependent(int user, int item, int draw)
    {
        // The pair of a hash and its neighbour's falls uniformly into 32 by 32 cells, whatever its place.
        const int Side = 32;
        int[] cells = new int[Side * Side];
        long start = PortableHash.Start(1, "negatives");
        for (int u = 1; u <= 100; u++)
        {
            for (int i = 1; i <= 100; i++)
            {
                for (int d = 1; d <= 100; d++)
                {
                    long one = PortableHash.Below(Hash(start, u, i, d), Side), other = PortableHash.Below(Hash(start, u + user, i + item, d + draw), Side);
                    cells[one * Side + other]++;
                }
            }
        }

        Assert.InRange(ChiSquare(cells), 1023 - 4 * 45.2, 1023 + 4 * 45.2);
    }

    [Fact]
    public void DifferentStreamsAreIndependent()
    {
        const int Side = 32;
        int[] cells = new int[Side * Side];
        long negatives = PortableHash.Start(1, "negatives"), candidates = PortableHash.Start(1, "candidates");
        for (int n = 0; n < 1_000_000; n++)
        {
            cells[PortableHash.Below(Hash(negatives, n % 1000, n / 1000, 0), Side) * Side
                + PortableHash.Below(Hash(candidates, n % 1000, n / 1000, 0), Side)]++;
        }

        Assert.InRange(ChiSquare(cells), 1023 - 4 * 45.2, 1023 + 4 * 45.2);
    }

    private static long Hash(long start, long user, long item, long draw) =>
        PortableHash.Finish(PortableHash.Absorb(PortableHash.Absorb(PortableHash.Absorb(start, user), item), draw));

    private static double ChiSquare(int[] counts)
    {
        double expected = counts.Average();
        return counts.Sum(count => (count - expected) * (count - expected) / expected);
    }
}
