using FsCheck;
using FsCheck.Xunit;
using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Scoring.Tests;

/// <summary>Reading by ranges gives what reading everything at once gives, however small the ranges.</summary>
public sealed class TouchedReaderTests : IDisposable
{
    private const int Users = 23, Items = 17;
    private readonly string run = Directory.CreateTempSubdirectory("ncfspark-").FullName;

    public void Dispose() => Directory.Delete(run, recursive: true);

    [Property(MaxTest = 12)]
    public void RangesAreThePartsOfTheWhole(int seed, PositiveInt bytes)
    {
        (StageDirectory prepared, IdTable users) = Write(seed);
        var data = new PreparedData(prepared);
        InteractionLists touched = data.ReadTouched();
        (InteractionRows train, int[] labels) = data.ReadTrain();
        InteractionRows[] parts = [train, data.ReadHeldOut("validation"), data.ReadHeldOut("test")];
        int[] counted = [.. Enumerable.Range(0, train.Count).Where(row => labels[row] == 1)];
        (int User, int Item, long Time)[] rows = [.. counted.Select(row => (train.Users[row], train.Items[row], train.Timestamps[row])),
            .. parts[1..].SelectMany(part => Enumerable.Range(0, part.Count).Select(row => (part.Users[row], part.Items[row], part.Timestamps[row])))];
        UserPools expected = UserPools.Latest(
            Users, new InteractionRows([.. rows.Select(row => row.User)], [.. rows.Select(row => row.Item)], [.. rows.Select(row => row.Time)]), 3,
            keepTimes: true);

        UserPools pools = UserPools.Empty(Users, 3, keepTimes: true);
        foreach ((UserPools? filled, bool latest) in new[] { (pools, false), ((UserPools?)null, true), (null, false) })
        {
            var reader = new TouchedReader(data, users, filled, latest, threads: 1 + (seed & 1), bytes.Get * 10);
            int next = 0;
            foreach (TouchedRange range in reader.Ranges())
            {
                Assert.Equal(next, range.First);
                for (int user = next; user < next + range.Count; user++)
                {
                    Assert.Equal(touched[user].ToArray(), range.Seen(user).ToArray());
                    if (latest)
                    {
                        Assert.Equal(rows.Where(row => row.User == user).Select(row => row.Time).DefaultIfEmpty(long.MinValue).Max(),
                            range.Latest[user - next]);
                    }
                }

                next += range.Count;
            }

            Assert.Equal(Users, next);
            foreach (bool first in new[] { true, false })
            {
                Assert.Equal(Enumerable.Range(0, Items).Select(item => rows.Where(row => row.Item == item).Select(row => (long?)row.Time))
                    .Select(times => first ? times.Min() : times.Max()), reader.ItemTimes(Items, first));
            }
        }

        Assert.Equal(expected.Items_UK, pools.Items_UK);
        Assert.Equal(expected.Times_UK, pools.Times_UK);
        Assert.Equal(expected.TemporalFeatures_U, pools.TemporalFeatures_U);
    }

    [Fact]
    public void RowsThatDoNotAddUpAreRefused()
    {
        (StageDirectory prepared, IdTable users) = Write(1);
        users.Interactions[4]++;
        Assert.Contains("do not add up", Assert.Throws<InvalidInputException>(
            () => new TouchedReader(new PreparedData(prepared), users, null, latest: false, threads: 2).Ranges().ToArray()).Message, StringComparison.Ordinal);
    }

    // Each user's items are dealt out to train (with negatives among them), validation and test; times have ties.
    private (StageDirectory Prepared, IdTable Users) Write(int seed)
    {
        RandomStream chance = RandomStream.Named(seed, "touched");
        var rows = new (string Part, int User, int Item, int Label, long Time)[Users * Items];
        for (int place = 0; place < rows.Length; place++)
        {
            string part = new[] { "train", "train", "validation", "test", "" }[chance.Below(place, 5)];
            rows[place] = (part, place / Items, place % Items, part == "train"
                ? (int)chance.Below(10_000 + place, 2)
                : 1, 1000 + chance.Below(20_000 + place, 4));
        }

        using StageWriter writer = StageWriter.Begin(run, PreparedData.StageName);
        var counts = new SortedDictionary<string, long> { ["users"] = Users };
        foreach (string part in new[] { "train", "validation", "test" })
        {
            var own = rows.Where(row => row.Part == part).OrderBy(row => chance.Bits(row.User * 100 + row.Item)).ToArray();
            counts[part] = own.Length;
            using ParquetFile file = ParquetFile.Create(writer.File($"{part}/part-0.parquet"), [("user_index", typeof(int)), ("item_index", typeof(int)),
                ("timestamp", typeof(long)), .. part == "train" ? [("label", typeof(int))] : Array.Empty<(string, Type)>()]);
            foreach (var group in own.Chunk(50))
            {
                Array[] columns = [group.Select(row => row.User).ToArray(), group.Select(row => row.Item).ToArray(), group.Select(row => row.Time).ToArray(),
                    .. part == "train" ? [group.Select(row => row.Label).ToArray()] : Array.Empty<Array>()];
                file.WriteGroup(columns);
            }
        }

        StageDirectory prepared = writer.Publish(
            new StageManifest { Stage = PreparedData.StageName, Fingerprint = "x", MadeFrom = [], Configuration = [], Seed = 1, Rows = counts });
        return (prepared, new IdTable([.. Enumerable.Range(0, Users).Select(user => (long)user)],
            [.. Enumerable.Range(0, Users).Select(user => rows.Count(row => row.Part == "train" && row.User == user && row.Label == 1))]));
    }
}
