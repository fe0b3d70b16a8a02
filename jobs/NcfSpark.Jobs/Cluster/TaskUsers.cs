using NcfSpark.Data;

namespace NcfSpark.Jobs.Cluster;

/// <summary>Some users of a task, with what they have.</summary>
/// <param name="Users">Dense indexes, rising.</param>
/// <param name="Offsets">The rows of the user at place p are Offsets[p] … Offsets[p + 1] - 1.</param>
/// <param name="Rows">By user and item.</param>
internal sealed record TaskUsers(int[] Users, int[] Offsets, InteractionRows Rows)
{
    public int PlaceOf(int user) => Array.BinarySearch(Users, user);

    /// <summary>A user's items, rising.</summary>
    public ReadOnlySpan<int> ItemsOf(int user)
    {
        int place = PlaceOf(user);
        return Rows.Items.AsSpan(Offsets[place]..Offsets[place + 1]);
    }
}
