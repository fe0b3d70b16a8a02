namespace NcfSpark.Kernels;

/// <summary>An item among the best so far of a user.</summary>
internal readonly record struct ScoredItem(float Logit, float Score, int Item)
{
    /// <summary>Whether it comes after the other one: a lower score, or the same and a higher index.</summary>
    public bool IsWorseThan(in ScoredItem other) => Score < other.Score || (Score == other.Score && Item > other.Item);
}
