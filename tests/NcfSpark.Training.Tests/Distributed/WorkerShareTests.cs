using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Training.Tests.Distributed;

public sealed class WorkerShareTests
{
    [Fact]
    public void TheExampleHolds()
    {
        var share = new WorkerShare(Shards: 4, Workers: 2, Worker: 1);
        Assert.Equal([1, 3], Enumerable.Range(0, share.ShardCount).Select(share.Shard));
        Assert.Equal([1, 3, 5, 7, 9], Enumerable.Range(0, 5).Select(share.Global));
        Assert.Equal(5, share.UserCount(10));
    }

    [Property]
    public void WorkersShareOutAllUsersInOrder(byte users, byte moreShards, byte moreWorkers)
    {
        int shards = 1 + moreShards % 12, workers = 1 + moreWorkers % shards;
        var seen = new List<int>();
        for (int worker = 0; worker < workers; worker++)
        {
            var share = new WorkerShare(shards, workers, worker);
            int[] own = [.. Enumerable.Range(0, users).Where(user => user % shards % workers == worker)];
            Assert.Equal(own.Length, share.UserCount(users));
            Assert.Equal(own, Enumerable.Range(0, own.Length).Select(share.Global));
            Assert.Equal(Enumerable.Range(0, own.Length), own.Select(share.Local));
            Assert.All(own, user => Assert.True(share.Owns(user)));
            seen.AddRange(own);
        }

        Assert.Equal(Enumerable.Range(0, users), seen.Order());
    }

    // What lets a worker write the model's files of its shards: they are shards of its own numbering.
    [Property]
    public void AShardsUsersStandInTheOrderOfItsModelFile(byte users, byte moreShards, byte moreWorkers)
    {
        int shards = 1 + moreShards % 12, workers = 1 + moreWorkers % shards;
        for (int worker = 0; worker < workers; worker++)
        {
            var share = new WorkerShare(shards, workers, worker);
            for (int place = 0; place < share.ShardCount; place++)
            {
                IEnumerable<int> here = Enumerable.Range(0, share.UserCount(users)).Where(local => local % share.ShardCount == place).Select(share.Global);
                Assert.Equal(Enumerable.Range(0, users).Where(user => user % shards == share.Shard(place)), here);
            }
        }
    }

    [Property]
    public void RoundsAreWholeStepsAndTogetherTheEpoch(ushort samples, byte moreBatch, byte moreRounds)
    {
        var plan = new RoundPlan(samples, 1 + moreBatch, 1 + moreRounds);
        Assert.Equal((0, 0L), (plan.SamplesBefore(0), plan.StepsBefore(0)));
        Assert.Equal((samples, plan.Steps), (plan.SamplesBefore(plan.Rounds), plan.StepsBefore(plan.Rounds)));
        for (int round = 0; round < plan.Rounds; round++)
        {
            long steps = plan.StepsBefore(round + 1) - plan.StepsBefore(round);
            Assert.InRange(steps, plan.Steps / plan.Rounds, plan.Steps / plan.Rounds + 1);
            if (plan.SamplesBefore(round + 1) < samples) Assert.Equal(plan.StepsBefore(round + 1) * plan.BatchSize, plan.SamplesBefore(round + 1));
        }
    }

    [Fact]
    public void RowsOfAShareKeepTheirOrderAndLoseOthers()
    {
        var all = new InteractionRows([0, 1, 2, 3, 1], [10, 11, 12, 13, 14], [5, 6, 7, 8, 9]);
        InteractionRows own = new WorkerShare(2, 2, 1).RowsOf(all);
        Assert.Equal([0, 1, 0], own.Users);
        Assert.Equal([11, 13, 14], own.Items);
        Assert.Equal([6L, 8, 9], own.Timestamps);
    }
}
