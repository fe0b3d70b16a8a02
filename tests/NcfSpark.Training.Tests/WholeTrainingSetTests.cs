using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Training.Tests;

/// <summary>Training on everything, and from weights that are given.</summary>
public sealed class WholeTrainingSetTests : IDisposable
{
    private readonly string run = Directory.CreateTempSubdirectory("ncfspark-").FullName;

    public WholeTrainingSetTests()
    {
        // User 0 trained on items 0 and 1, validates on 2 and is tested on 3; user 1 trained on all but item 5, which is tested. Each has one stored negative.
        using StageWriter writer = StageWriter.Begin(run, PreparedData.StageName);
        Write(writer, "users", ["user_id", "user_index", "interactions"], new long[] { 7, 9 }, new[] { 0, 1 }, new[] { 2, 5 });
        Write(writer, "items", ["item_id", "item_index", "interactions"], new long[] { 70, 71, 72, 73, 74, 75 }, new[] { 0, 1, 2, 3, 4, 5 },
            new[] { 2, 2, 1, 1, 1, 0 });
        Write(writer, "train", ["user_index", "item_index", "label", "timestamp"], new[] { 0, 0, 0, 1, 1, 1, 1, 1 }, new[] { 0, 1, 4, 0, 1, 2, 3, 4 },
            new[] { 1, 1, 0, 1, 1, 1, 1, 1 }, new long[] { 1, 2, 2, 1, 2, 3, 4, 5 });
        Write(writer, "validation", ["user_index", "item_index", "timestamp"], new[] { 0 }, new[] { 2 }, new long[] { 3 });
        Write(writer, "test", ["user_index", "item_index", "timestamp"], new[] { 0, 1 }, new[] { 3, 5 }, new long[] { 4, 6 });
        writer.Publish(new StageManifest { Stage = PreparedData.StageName, Fingerprint = "f", MadeFrom = [], Configuration = [], Seed = 1,
            Rows = new() { ["users"] = 2, ["items"] = 6, ["validation"] = 1, ["test"] = 2 } });
    }

    public void Dispose() => Directory.Delete(run, recursive: true);

    [Fact]
    public void WhatWasHeldOutIsTrainedOnLikeTheRest()
    {
        TrainingSet set = TrainingSet.ReadWhole(PreparedData.Open(run), storedNegatives: 0, seed: 1);
        var positives = Enumerable.Range(0, set.Rows.Count).Where(row => set.Labels[row] == 1)
            .Select(row => (set.Rows.Users[row], set.Rows.Items[row], set.Rows.Timestamps[row]));
        Assert.Equal([(0, 0, 1L), (0, 1, 2), (0, 2, 3), (0, 3, 4), (1, 0, 1), (1, 1, 2), (1, 2, 3), (1, 3, 4), (1, 4, 5), (1, 5, 6)], positives.Order());
        Assert.Equal([0, 1, 2, 3], set.Avoided[0].ToArray());
        Assert.Equal(1, set.Labels.Count(label => label == 0));
    }

    [Fact]
    public void EachOfThemGetsStoredNegativesOfItsOwnThatNobodyTouched()
    {
        for (int seed = 1; seed < 20; seed++)
        {
            TrainingSet set = TrainingSet.ReadWhole(PreparedData.Open(run), storedNegatives: 3, seed);
            (int User, int Item, long Time)[] drawn =
                [.. Enumerable.Range(8, set.Rows.Count - 8).Where(row => set.Labels[row] == 0)
                .Select(row => (set.Rows.Users[row], set.Rows.Items[row], set.Rows.Timestamps[row]))];
            Assert.Equal([3L, 3, 3, 4, 4, 4], drawn.Select(row => row.Time)); // as many for the validated and for the tested one; user 1 has touched everything
            Assert.All(drawn, row => Assert.True(row.User == 0 && row.Item is 4 or 5));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void TheSetsOfSeveralWorkersAreTogetherTheWhole(int workers)
    {
        const int Shards = 3;
        PreparedData prepared = PreparedData.Open(run);
        TrainingSet whole = TrainingSet.ReadWhole(prepared, storedNegatives: 3, seed: 1), train = TrainingSet.Read(prepared, avoidHeldOut: true);
        WorkerShare[] shares = [.. Enumerable.Range(0, workers).Select(worker => new WorkerShare(Shards, workers, worker))];
        TrainingSet[] parts = [.. shares
            .Select(share => train.Of(share)
            .WithHeldOut([share.RowsOf(prepared.ReadHeldOut("validation")), share.RowsOf(prepared.ReadHeldOut("test"))], 3, share.SeedOf(1)))];
        Assert.Equal(RowsOf(whole, user => user).Order(), shares.Zip(parts, (share, part) => RowsOf(part, share.Global)).SelectMany(rows => rows).Order());
        for (int user = 0; user < whole.UserCount; user++)
        {
            WorkerShare share = shares.Single(share => share.Owns(user));
            Assert.Equal(whole.Avoided[user].ToArray(), parts[share.Worker].Avoided[share.Local(user)].ToArray());
        }

        // Negatives are drawn by each worker for itself, so of those only their number is the same.
        IEnumerable<(int User, int Item, int Label, long Time)> RowsOf(TrainingSet set, Func<int, int> userOf) => Enumerable.Range(0, set.Rows.Count)
            .Select(row => (userOf(set.Rows.Users[row]), set.Labels[row] == 1 || workers == 1 ? set.Rows.Items[row] : -1, set.Labels[row],
                set.Rows.Timestamps[row]));
    }

    [Fact]
    public void TrainingStartsFromTheWeightsThatAreGiven()
    {
        TrainingSet set = Logs.TwoTastes();
        ModelOptions network = PlainOptions.Model with { Kind = NetworkKind.Gmf, EmbeddingSize = 4, EmbeddingInit = 0.1 };
        TrainOptions options = PlainOptions.Train with { Epochs = 2, BatchSize = 64, Negatives = NegativeSource.Resampled };
        ModelWeights usual = Train(null), same = Train(ModelWeights.Initialize(network, set.UserCount, set.ItemCount, options.Seed)),
            other = Train(ModelWeights.Initialize(network, set.UserCount, set.ItemCount, 99));
        Assert.Equal(usual.UserGmf!.Values.ToArray(), same.UserGmf!.Values.ToArray());
        Assert.NotEqual(usual.UserGmf!.Values.ToArray(), other.UserGmf!.Values.ToArray());

        ModelWeights Train(ModelWeights? initial)
        {
            CheckpointStore checkpoints = CheckpointStore.Open(run, "test");
            ModelWeights weights =
                new Trainer(network, options, checkpoints, null, SilentProgress.Instance, TimeProvider.System) { Initial = initial }.Train(set).Weights;
            checkpoints.Delete();
            return weights;
        }
    }

    private static void Write(StageWriter writer, string part, string[] names, params Array[] columns)
    {
        using ParquetFile file =
            ParquetFile.Create(Path.Combine(writer.File(part), "part-0.parquet"),
            [.. names.Zip(columns, (name, column) => (name, column.GetType().GetElementType()!))]);
        file.WriteGroup(columns);
    }
}
