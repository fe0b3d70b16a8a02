namespace NcfSpark.Core;

/// <summary>
/// Which items meet a rule (Score:Where). Users who have the same values in the columns that the rule looks at are a group, and one answer is kept for each
/// group; a rule that looks at no user's column has one group. Group 0 is that of the users without a row, whose values are missing.
/// Example: of the rule price &lt; user.budget over the items a (5) and b (50), users 7 (budget 10) and 8 (100), and nobody else: ItemIds a b, GroupOfUser
/// 7 → 1, 8 → 2, Met: group 0 none, 1 a, 2 a and b, as the bits 00, 01, 11.
/// </summary>
/// <param name="ItemIds">Ids of the rows of the items' table; one that is there twice meets the rule if either row does.</param>
/// <param name="GroupOfUser">By the user's id; who is not there is of group 0.</param>
/// <param name="Met">For each group a bit for each of <paramref name="ItemIds"/>: bit i % 32 of number i / 32.</param>
public sealed record RuleAnswer(string[] ItemIds, IReadOnlyDictionary<string, int> GroupOfUser, uint[][] Met)
{
    /// <summary>Whether it is the same for every user.</summary>
    public bool IsOfAllUsers => Met.Length == 1;

    /// <summary>Ids that meet the rule for the users of a group.</summary>
    public string[] IdsOf(int group) => [.. ItemIds.Where((_, row) => (Met[group][row / 32] >> row % 32 & 1) != 0).Distinct(StringComparer.Ordinal)];
}
