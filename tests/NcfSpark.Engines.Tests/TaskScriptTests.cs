namespace NcfSpark.Engines.Tests;

public sealed class TaskScriptTests
{
    [Fact]
    public void HashesAreThoseOfSpark()
    {
        // SELECT hash(0), hash(1), hash(42), hash(-1), hash(2147483647) on Spark 4.3
        Assert.Equal([933211791, -559580957, 29417773, -1604776387, 133916647], new[] { 0, 1, 42, -1, int.MaxValue }.Select(PartitionKeys.Hash));
    }

    [Fact]
    public void EachPartitionHasTheLeastKeyThatFallsIntoIt()
    {
        for (int partitions = 1; partitions < 70; partitions++)
        {
            int[] keys = PartitionKeys.Of(partitions);
            for (int partition = 0; partition < partitions; partition++)
            {
                int least = 0;
                while ((PartitionKeys.Hash(least) % partitions + partitions) % partitions != partition) least++;
                Assert.Equal(least, keys[partition]);
            }
        }
    }

    [Fact]
    public void QuotesAndBackslashesOfACommandReachTheShell() =>
        Assert.Contains(@" USING 'printf \'a\\tb\'' AS (x INT, y STRING) ",
            new TaskScript(@"printf 'a\tb'", [("x", "INT"), ("y", "STRING")]).Over("SELECT 1 AS a", "a"), StringComparison.Ordinal);
}
