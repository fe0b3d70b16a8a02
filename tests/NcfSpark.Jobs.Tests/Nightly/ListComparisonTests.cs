using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.Jobs.Tests.Nightly;

public sealed class ListComparisonTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void HandWorkedListsGiveHandWorkedChanges()
    {
        // User 1 keeps both items in another order, user 2 one of two, user 3 is gone, user 4 is new.
        string before = Write("before", (1, 10), (1, 11), (2, 10), (2, 12), (3, 10), (3, 11));
        string now = Write("now", (1, 11), (1, 10), (2, 12), (2, 13), (4, 13), (4, 12));
        ListChanges changes = Compare(before, now);
        Assert.Equal([0L, 1L, 1L], changes.UsersByKept);
        Assert.Equal((0.75, 1L, 1L, 2L), (changes.Kept, changes.NewUsers, changes.GoneUsers, changes.Users));
        Assert.Equal([new ItemChange("thirteen", 0, 2 / 3.0), new ItemChange("12", 1 / 3.0, 2 / 3.0)], changes.Risers);
        Assert.Equal([new ItemChange("10", 1, 1 / 3.0), new ItemChange("11", 2 / 3.0, 1 / 3.0)], changes.Fallers);
    }

    [Fact]
    public void TheSameListsHaveNoRisersAndAllIsKept()
    {
        string lists = Write("same", (1, 10), (1, 11), (2, 10), (2, 12));
        ListChanges changes = Compare(lists, lists);
        Assert.Equal((1.0, 0, 0), (changes.Kept, changes.Risers.Count, changes.Fallers.Count));
        Assert.Equal([0L, 0L, 2L], changes.UsersByKept);
    }

    [Fact]
    public void NoUserInCommonIsNoFault()
    {
        ListChanges changes = Compare(Write("a", (1, 10)), Write("b", (2, 10)));
        Assert.Equal((0.0, 0L, 1L, 1L), (changes.Kept, changes.Users, changes.NewUsers, changes.GoneUsers));
    }

    private ListChanges Compare(string before, string now)
    {
        var job = new JobContext(new NcfSparkConfiguration(), folder.Path, SilentProgress.Instance, TextWriter.Null,
            TimeProvider.System, CancellationToken.None);
        return ListComparison.Of(job, "2026-11-20", before, now, new Dictionary<string, string> { ["13"] = "thirteen" });
    }

    private string Write(string name, params (long User, long Item)[] rows)
    {
        string directory = Path.Combine(folder.Path, name);
        using ParquetFile file = ParquetFile.Create(Path.Combine(directory, "part-00000.parquet"), ("user_id", typeof(long)), ("item_id", typeof(long)));
        file.WriteGroup(rows.Select(row => row.User).ToArray(), rows.Select(row => row.Item).ToArray());
        return directory;
    }
}
