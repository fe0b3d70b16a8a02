using NcfSpark.Core;

namespace NcfSpark.Evaluation.Tests;

public sealed class EvaluationDataTests : IDisposable
{
    private readonly string run = Directory.CreateTempSubdirectory("ncfspark-evaluation-").FullName;

    public void Dispose() => Directory.Delete(run, recursive: true);

    [Fact]
    public void APreparedDirectoryIsReadWithoutItsSampledNegatives()
    {
        using (StageWriter writer = StageWriter.Begin(run, PreparedData.StageName))
        {
            Write(writer, "users", ["user_id", "user_index", "interactions"], new long[] { 7, 9 }, new[] { 0, 1 }, new[] { 2, 1 });
            Write(writer, "items", ["item_id", "item_index", "interactions"], new long[] { 70, 71, 72, 73 }, new[] { 0, 1, 2, 3 }, new[] { 2, 1, 0, 0 });
            Write(writer, "train", ["user_index", "item_index", "label", "timestamp"], new[] { 1, 0, 0, 0 }, new[] { 0, 1, 0, 3 },
                new[] { 1, 1, 1, 0 }, new long[] { 5, 6, 4, 4 });
            Write(writer, "validation", ["user_index", "item_index", "timestamp"], new[] { 1 }, new[] { 1 }, new long[] { 8 });
            Write(writer, "test", ["user_index", "item_index", "timestamp"], new[] { 0 }, new[] { 2 }, new long[] { 9 });
            Write(writer, "test_candidates", ["user_index", "test_item_index", "item_index"], new[] { 0, 0 }, new[] { 2, 2 }, new[] { 3, 1 });
            writer.Publish(new StageManifest
            {
                Stage = PreparedData.StageName, Fingerprint = "f", MadeFrom = [], Configuration = [], Seed = 1,
                Rows = new() { ["validation"] = 1, ["test"] = 1, ["test_candidates"] = 2 },
            });
        }

        EvaluationData data = EvaluationData.From(PreparedData.Open(run));
        Assert.Equal(2, data.UserCount);
        Assert.Equal([2, 1, 0, 0], data.ItemInteractions);
        Assert.Equal([0, 1], data.History[0].ToArray());
        Assert.Equal([0], data.History[1].ToArray());
        Assert.Equal([0, 1], data.Seen[1].ToArray());
        Assert.Equal([2], data.Test.Items);
        Assert.Equal([1, 3], data.TestCandidates[0].ToArray());
        Assert.True(data.HasCandidates);
        Assert.Equal([9, 0], data.TestMoments);
    }

    [Fact]
    public void AUserIsAskedAboutTheEarliestTestedMoment()
    {
        var none = new InteractionRows([], [], []);
        var test = new InteractionRows([2, 0, 2], [1, 1, 0], [30, 7, 20]);
        Assert.Equal([7, 0, 20], new EvaluationData(3, [1, 1], none, none, test, InteractionLists.FromRows(3, [], [])).TestMoments);
    }

    [Fact]
    public void TestingOnSomeUsersKeepsTheirRowsAndCandidates()
    {
        EvaluationData data = Logs.Random(20, 30, 0.3, 3, candidates: 4, seed: 1), some = data.TestedOn([2, 5]);
        int[] rows = [.. Enumerable.Range(0, data.Test.Count).Where(row => data.Test.Users[row] is 2 or 5)];
        Assert.Equal(rows.Select(row => data.Test.Items[row]), some.Test.Items);
        for (int place = 0; place < rows.Length; place++) Assert.Equal(data.TestCandidates[rows[place]].ToArray(), some.TestCandidates[place].ToArray());
        Assert.Equal(data.Seen.Items, some.Seen.Items);
    }

    private static void Write(StageWriter writer, string part, string[] names, params Array[] columns)
    {
        using ParquetFile file = ParquetFile.Create(
            Path.Combine(writer.File(part), "part-0.parquet"), [.. names.Zip(columns, (name, column) => (name, column.GetType().GetElementType()!))]);
        file.WriteGroup(columns);
    }
}
