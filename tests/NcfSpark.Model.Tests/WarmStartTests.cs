using NcfSpark.Core;

namespace NcfSpark.Model.Tests;

public class WarmStartTests
{
    // Six users and nine items, of which user e (index 4) and item 8 had no training rows. Since then item 3 was removed,
    // and users f0 and f1 and items 100 and 101 were added; all indexes changed.
    private static readonly IdTable EarlierUsers = new(["a", "b", "c", "d", "e", "f"], [3, 2, 2, 1, 0, 1]),
        EarlierItems = new([0L, 1, 2, 3, 4, 5, 6, 7, 8], [9, 8, 7, 6, 5, 4, 3, 2, 0]);
    private static readonly IdTable Users = new(["f1", "f", "e", "d", "c", "b", "a", "f0"], new int[8]),
        Items = new([100L, 8, 7, 6, 5, 4, 2, 1, 0, 101], new int[10]);

    public static TheoryData<ModelOptions> Networks =>
        [.. Models.Kinds.Select(kind => Models.Options(kind)), Models.Options(NetworkKind.Neumf, biases: true), Models.History(NetworkKind.Mf),
            Models.Attention(), Models.Options(NetworkKind.Cosine)];

    [Theory]
    [MemberData(nameof(Networks))]
    public void KnownIdsTakeTheirRowsAndNewOnesTheMeanOfThoseThatWereTrainedOn(ModelOptions options)
    {
        var earlier = new TrainedModel(Models.Random(options), EarlierUsers, EarlierItems);
        ModelWeights weights = WarmStart.From(earlier, options, Users, Items);
        foreach ((Weight now, Weight then) in weights.UserTables.Zip(earlier.Weights.UserTables)) Check(now, then, Users, EarlierUsers);
        foreach ((Weight now, Weight then) in weights.ItemTables.Concat(weights.PoolTables).Zip(earlier.Weights.ItemTables.Concat(earlier.Weights.PoolTables)))
        {
            Check(now, then, Items, EarlierItems);
        }

        foreach ((Weight now, Weight then) in weights.Dense.Zip(earlier.Weights.Dense)) Assert.Equal(then.Values.ToArray(), now.Values.ToArray());
    }

    [Fact]
    public void TheSameUsersAndItemsGiveTheSameModel()
    {
        ModelOptions options = Models.Options(NetworkKind.Neumf);
        var earlier = new TrainedModel(Models.Random(options), EarlierUsers, EarlierItems);
        foreach ((Weight now, Weight then) in WarmStart.From(earlier, options, EarlierUsers, EarlierItems).All.Zip(earlier.Weights.All))
        {
            Assert.Equal(then.Values.ToArray(), now.Values.ToArray());
        }
    }

    [Fact]
    public void OnlyNetworksOfOneShapeFit()
    {
        ModelOptions options = Models.Options(NetworkKind.Neumf);
        Assert.True(WarmStart.Fits(options, options with { EmbeddingInit = 0.2, Dropout = [0.5] }));
        Assert.False(WarmStart.Fits(options, options with { EmbeddingSize = 6 }));
        Assert.False(WarmStart.Fits(options, options with { MlpLayers = [7, 5] }));
        Assert.False(WarmStart.Fits(options, options with { Biases = true }));
        Assert.False(WarmStart.Fits(options, options with { Kind = NetworkKind.Gmf }));
        Assert.True(WarmStart.Fits(Models.Attention(), Models.Attention()));
        Assert.False(WarmStart.Fits(Models.Attention(), Models.Attention(blocks: 1)));
        Assert.False(WarmStart.Fits(Models.Attention(), Models.Attention(length: 4)));
    }

    private static void Check(Weight now, Weight then, IdTable ids, IdTable earlierIds)
    {
        Dictionary<string, int> earlierIndex = earlierIds.IndexByText();
        for (int row = 0; row < ids.Count; row++)
        {
            for (int column = 0; column < now.Columns; column++)
            {
                double expected = earlierIndex.TryGetValue(ids.TextOf(row), out int earlier)
                    ? then.Row(earlier)[column]
                    : Enumerable.Range(0, earlierIds.Count).Where(index => earlierIds.Interactions[index] > 0).Average(index => then.Row(index)[column]);
                Assert.Equal(expected, now.Row(row)[column], 1e-6);
            }
        }
    }
}
