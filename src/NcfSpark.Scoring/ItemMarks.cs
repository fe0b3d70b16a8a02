using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Scoring;

/// <summary>
/// Which of the recommendable items the users of each group may get, as bits: bit i of number b is the item at place 32 b + i of them. Rules end as these,
/// for one process and for Spark's tasks.
/// </summary>
/// <param name="ByGroup">The bits of each group; group 0 is that of users without values of their own.</param>
/// <param name="GroupOfUser">The group of each of the model's users; null where all are of group 0.</param>
/// <param name="GroupOfUnknown">The group of users whom the model does not know, in the order of <see cref="ChosenUsers"/>; null for group 0.</param>
public sealed record ItemMarks(uint[][] ByGroup, int[]? GroupOfUser, int[]? GroupOfUnknown = null)
{
    /// <summary>Bits of a user, below 0 one whom the model does not know.</summary>
    public uint[] Of(int user) => ByGroup[user >= 0 ? GroupOfUser?[user] ?? 0 : GroupOfUnknown is { } unknown && ~user < unknown.Length ? unknown[~user] : 0];

    public bool Has(int user, int place) => (Of(user)[place / 32] >> place % 32 & 1) != 0;

    /// <summary>The marks of some of the places, which become the places 0, 1, ….</summary>
    public ItemMarks At(int[] places) => this with
    {
        ByGroup = Array.ConvertAll(ByGroup, group =>
        {
            uint[] marks = new uint[(places.Length + 31) / 32];
            for (int place = 0; place < places.Length; place++) marks[place / 32] |= (group[places[place] / 32] >> places[place] % 32 & 1) << place % 32;
            return marks;
        }),
    };

    /// <summary>A rule's answer over the items that may be recommended.</summary>
    /// <param name="places">The recommendable items, rising.</param>
    public static ItemMarks Of(RuleAnswer answer, IdTable items, int[] places, IdTable users, ChosenUsers? chosen)
    {
        int[] placeOfRow = Array.ConvertAll(answer.ItemIds, id => items.Find(id) is >= 0 and int item ? Array.BinarySearch(places, item) : -1);
        uint[][] byGroup = Array.ConvertAll(answer.Met, met =>
        {
            uint[] marks = new uint[(places.Length + 31) / 32];
            for (int row = 0; row < placeOfRow.Length; row++)
            {
                if ((met[row / 32] >> row % 32 & 1) != 0 && placeOfRow[row] >= 0) marks[placeOfRow[row] / 32] |= 1u << placeOfRow[row] % 32;
            }

            return marks;
        });
        if (answer.IsOfAllUsers) return new ItemMarks(byGroup, null);
        int[] groups = new int[users.Count];
        foreach ((string id, int group) in answer.GroupOfUser)
        {
            if (users.Find(id) is >= 0 and int user) groups[user] = group;
        }

        int[]? unknown = chosen?.UnknownIds.Select(id => answer.GroupOfUser.GetValueOrDefault(id)).ToArray();
        return new ItemMarks(byGroup, groups, unknown);
    }
}

/// <summary>One of Score:Lists, ready to be filled.</summary>
/// <param name="Marks">Which items it may hold; null for all that may be recommended.</param>
/// <param name="Trending">Of a trending list a weight for each recommendable item; null otherwise.</param>
/// <param name="Promoted">Which of those it may hold are promoted; null for none.</param>
/// <param name="Values">Values of <see cref="ListOptions.Column"/> of each recommendable item, as rising numbers; null where nothing looks at them.</param>
public sealed record NamedList(ListOptions Options, ItemMarks? Marks, float[]? Trending, ItemMarks? Promoted = null, int[][]? Values = null);

/// <summary>What lists look at of a user's past. Asked of users of the model, from several threads.</summary>
/// <param name="Seen">All that is left out of recommendations, rising.</param>
public sealed record UserPast(ExcludedItems Seen)
{
    /// <summary>What of it the user dislikes, rising.</summary>
    public ExcludedItems Disliked { get; init; } = _ => [];

    /// <summary>The item that they used last, or -1. Of equal times the first by index.</summary>
    public Func<int, int> Latest { get; init; } = _ => -1;
}
