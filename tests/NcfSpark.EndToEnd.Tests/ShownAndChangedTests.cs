using NcfSpark.Core;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>Two nights over a log that grew, with a named list: what changed between their lists, and what happened to those that were shown.</summary>
[Trait("Category", "Slow")]
public sealed class ShownAndChangedTests : IDisposable
{
    private const string First = "2026-11-23", Second = "2026-11-24";

    private readonly RunDirectory run = new();

    public void Dispose() => run.Dispose();

    [Fact]
    public void ChangesAppliedToTheFirstNightsListsGiveTheSecondsAndAShownLogOfThatIsMeasured()
    {
        string folder = Path.GetDirectoryName(run.Path)!, log = SmallLog.Write(folder);
        string[] whole = File.ReadAllLines(log), settings = [.. SmallLog.Settings(log), "--run", run.Path, "--set", "Nightly:Gate=false",
            "--set", """Score:Lists=[{"Name": "again", "By": "again", "TopK": 4}]"""];
        File.WriteAllLines(log, whole.Where((_, line) => line == 0 || line % 7 > 0));
        NcfSparkProcess.RunWell(["nightly", .. settings, "--set", $"Nightly:Night={First}"]);
        File.WriteAllLines(log, whole);
        NcfSparkProcess.RunWell(["nightly", .. settings, "--set", $"Nightly:Night={Second}"]);
        foreach ((string changes, string lists) in new[] { ("changes", "recommendations"), ("list_changes/again", "lists/again") })
        {
            var store = ListsOf(First, lists);
            int changed = Apply(store, Path.Combine(run.Path, Second, "predictions", changes));
            Assert.True(changed > 0, $"{changes} holds nothing");
            Assert.Equal(ListsOf(Second, lists).OrderBy(row => row.Key), store.OrderBy(row => row.Key));
        }

        // Each first item of the second night was shown with certainty, and half of the users clicked it.
        var firsts = ListsOf(Second, "recommendations").Where(row => row.Value == 1).Select(row => row.Key).Order().ToArray();
        string shown = Path.Combine(folder, "shown.csv"), night = Path.Combine(run.Path, Second);
        File.WriteAllLines(shown, firsts.Select((key, at) => $"{key.User},{key.Item},1,{at % 2},1").Prepend("user,item,rank,clicked,propensity"));
        string[] evaluate = ["evaluate", .. SmallLog.Settings(log), "--run", night];
        string served = RunDirectory.HashesIn(Path.Combine(night, "predictions")) + RunDirectory.HashesIn(Path.Combine(night, "report"));
        string output = NcfSparkProcess.RunWell([.. evaluate, "--shown", shown]);
        foreach (string metric in new[] { "ctr", "ips", "snips" }) Assert.Matches($@"all +{metric} +{firsts.Length} +0\.5000 ", output);
        Assert.Contains("What happened to the lists", File.ReadAllText(Path.Combine(night, "report.html")), StringComparison.Ordinal);
        Assert.Contains("\"metric\": \"snips\"", File.ReadAllText(Path.Combine(night, "shown.json")), StringComparison.Ordinal);
        Assert.Equal(served, RunDirectory.HashesIn(Path.Combine(night, "predictions")) + RunDirectory.HashesIn(Path.Combine(night, "report")));

        foreach ((string text, string said) in new[]
        {
            ("user,item,rank\n1,2,1\n", "there is no column clicked"),
            ("user,item,rank,clicked\n1,2,0,1\n", "line 2, column rank: \"0\" is not a whole number"),
            ("user,item,rank,clicked\n1,2,1,maybe\n", "line 2, column clicked: \"maybe\" is not 0 or 1"),
            ("user,item,rank,clicked,propensity\n1,2,1,1,1.5\n", "line 2, column propensity: \"1.5\" is not a probability"),
            ("user,item,rank,clicked\n", "no rows"),
        })
        {
            File.WriteAllText(shown, text);
            (int code, _, string error) = NcfSparkProcess.Run([.. evaluate, "--shown", shown]);
            Assert.Equal(2, code);
            Assert.Contains(said, error, StringComparison.Ordinal);
        }
    }

    private Dictionary<(long User, long Item), int> ListsOf(string night, string lists)
    {
        string directory = Path.Combine(run.Path, night, "predictions", lists);
        return ParquetColumns.Read<long>(directory, "user_id").Zip(ParquetColumns.Read<long>(directory, "item_id"), ParquetColumns.Read<int>(directory, "rank"))
            .ToDictionary(row => (row.First, row.Second), row => row.Third);
    }

    private static int Apply(Dictionary<(long User, long Item), int> store, string directory)
    {
        string[] changes = ParquetColumns.ReadStrings(directory, "change");
        int[] ranks = ParquetColumns.Read<int>(directory, "rank");
        (long User, long Item)[] keys = [.. ParquetColumns.Read<long>(directory, "user_id").Zip(ParquetColumns.Read<long>(directory, "item_id"))];
        for (int row = 0; row < changes.Length; row++)
        {
            if (changes[row] == "removed") Assert.True(store.Remove(keys[row]));
            else if (changes[row] == "added") store.Add(keys[row], ranks[row]);
            else store[keys[row]] = ranks[row];
        }

        return changes.Length;
    }
}
