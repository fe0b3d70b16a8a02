using System.Text;
using System.Text.Json.Nodes;
using NcfSpark.Configuration;

namespace NcfSpark.Evaluation.Tests.Nightly;

public sealed class UserListsTests : IDisposable
{
    private readonly string night = Directory.CreateTempSubdirectory("ncfspark-lists-").FullName;

    public void Dispose() => Directory.Delete(night, recursive: true);

    [Theory]
    [InlineData(16, 1)]
    [InlineData(500, 2)]
    [InlineData(1201, 3)]
    public void EveryUserStandsInTheFileThatTheIndexNamesWithTheirLatestItemsAndTheirList(int count, long seed)
    {
        string[] users = [.. SampleLists.HostileIds.Concat(Enumerable.Range(100, count - 16).Select(id => $"{id}"))];
        SampleLists lists = SampleLists.Random(night, users, [.. SampleLists.HostileIds.Select(id => $"item {id}")], seed).WriteNight().WriteFiles();
        JsonNode index = Read(lists, "index");
        string[] first = [.. index["first"]!.AsArray().Select(id => id!.GetValue<string>())];
        Assert.Equal((count + 499) / 500, first.Length);
        Assert.Equal(count, index["users"]!.GetValue<int>());

        var seen = new List<string>();
        for (int file = 0; file < first.Length; file++)
        {
            JsonNode content = Read(lists, $"{file}");
            JsonArray items = content["items"]!.AsArray();
            string ItemOf(JsonNode place) => items[place.GetValue<int>()]![0]!.GetValue<string>();
            Assert.Equal(first[file], content["users"]![0]![0]!.GetValue<string>());
            foreach (JsonNode? one in content["users"]!.AsArray())
            {
                string user = one![0]!.GetValue<string>();
                seen.Add(user);
                // The slow twin: the log itself.
                (string User, string Item, long When)[] past =
                    [.. lists.Log.Where(row => row.User == user).OrderByDescending(row => row.When).ThenBy(row => row.Item, StringComparer.Ordinal)];
                Assert.Equal(past.Length, one[1]!.GetValue<int>());
                Assert.Equal(
                    past.Take(20).Select(row => (row.Item, $"{DateTimeOffset.FromUnixTimeSeconds(row.When):yyyy-MM-dd}")),
                    one[2]!.AsArray().Select(entry => (ItemOf(entry![0]!), entry[1]!.GetValue<string>())));
                Assert.Equal(
                    lists.Lists.Where(row => row.User == user).OrderBy(row => row.Rank).Select(row => (row.Item, Math.Round((double)row.Score, 4))),
                    one[3]!.AsArray().Select(entry => (ItemOf(entry![0]!), entry[1]!.GetValue<double>())));
            }

            foreach (JsonNode? item in items)
            {
                string? title = lists.Titles.GetValueOrDefault(item![0]!.GetValue<string>());
                Assert.Equal(title?.Replace("\u2028", "").Trim(), item.AsArray().Count == 1 ? null : item[1]!.GetValue<string>().Replace("\u2028", "").Trim());
            }
        }

        Assert.Equal(users.OrderBy(id => Convert.ToHexString(Encoding.UTF8.GetBytes(id)), StringComparer.Ordinal), seen);
    }

    [Fact]
    public void NoIdOrTitleEndsItsScript()
    {
        SampleLists lists = SampleLists.Random(night, SampleLists.HostileIds, SampleLists.HostileIds, 4).WriteNight().WriteFiles();
        foreach (string file in Directory.GetFiles(lists.Directory))
        {
            string script = File.ReadAllText(file);
            Assert.All(script, letter => Assert.InRange(letter, '\n', '~'));
            Assert.DoesNotContain("<", script, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void TheyAreWrittenAgainOnlyWhereSomethingElseIsToBeShown()
    {
        SampleLists lists = SampleLists.Random(night, ["a", "b"], ["x", "y"], 5).WriteNight().WriteFiles();
        string index = Path.Combine(lists.Directory, "index.js"), was = File.ReadAllText(index);
        File.AppendAllText(index, "// not written again\n");
        lists.WriteFiles();
        Assert.EndsWith("// not written again\n", File.ReadAllText(index), StringComparison.Ordinal);
        lists.Titles["x"] = "A late title";
        lists.WriteFiles();
        Assert.NotEqual(was, File.ReadAllText(index));
        Assert.Contains("A late title", File.ReadAllText(Path.Combine(lists.Directory, "0.js")), StringComparison.Ordinal);
        Assert.Equal(["lists", "predictions", "prepared"], Directory.GetDirectories(night).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        lists.WriteFiles(exampleUsers: 0); // a report that names no users
        Assert.False(Directory.Exists(lists.Directory));
    }

    [Fact]
    public void MoreUsersThanTheSettingSaysAreNotWrittenAndTheIndexSaysSo()
    {
        foreach ((int most, bool found) in new[] { (3, true), (2, false) })
        {
            string path = Path.Combine(night, $"{most}");
            SampleLists lists = SampleLists.Random(path, ["a", "b", "c"], ["x"], 6);
            var limited = new SampleLists(path) { Options = new NightlyOptions { SearchableUsers = most } };
            limited.Log.AddRange(lists.Log);
            limited.Lists.AddRange(lists.Lists);
            limited.WriteNight().WriteFiles();
            Assert.Equal(found, File.Exists(Path.Combine(limited.Directory, "0.js")));
            Assert.Equal(found, Read(limited, "index")["note"] is null);
        }
    }

    private static JsonNode Read(SampleLists lists, string name)
    {
        string script = File.ReadAllText(Path.Combine(lists.Directory, $"{name}.js")), start = $"ncfsparkLists(\"{name}\",";
        Assert.StartsWith(start, script, StringComparison.Ordinal);
        return JsonNode.Parse(script[start.Length..^3])!;
    }
}
