namespace NcfSpark.Nightly;

/// <summary>How the lists of recommendations changed from the night that was in service before.</summary>
/// <param name="Before">That night.</param>
/// <param name="UsersByKept">Users of both nights by how many items of the earlier list stand in the new one, from 0.</param>
/// <param name="Kept">The share of their new lists that stood in the earlier ones.</param>
/// <param name="NewUsers">Users without a list before.</param>
/// <param name="GoneUsers">Users without a list now.</param>
/// <param name="Risers">Items that stand in more lists than before, the largest gain first.</param>
/// <param name="Fallers">Items that stand in fewer, the largest loss first.</param>
public sealed record ListChanges(
    string Before, IReadOnlyList<long> UsersByKept, double Kept, long NewUsers, long GoneUsers, IReadOnlyList<ItemChange> Risers, IReadOnlyList<ItemChange> Fallers)
{
    /// <summary>Users with a list in both nights.</summary>
    public long Users => UsersByKept.Sum();
}

/// <summary>An item that stands in more, or fewer, lists than before.</summary>
/// <param name="Title">Its title, or its id where it has none.</param>
/// <param name="Before">The share of all lists in which it stood.</param>
/// <param name="Now">The share in which it stands.</param>
public sealed record ItemChange(string Title, double Before, double Now);
