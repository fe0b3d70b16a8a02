namespace NcfSpark.Model;

/// <summary>
/// What the items of a pool count, latest first: a_k = e^(-(k - 1) / decay), divided by their sum over the items that there are.
/// Example, decay 3: alone 1; two items .583, .417; three .447, .320, .230... of which each is e^(-1/3) times the one before.
/// </summary>
public static class PoolShares
{
    /// <summary>A row for each number of items from 0 to <paramref name="length"/>, of <paramref name="length"/> shares each.</summary>
    public static float[][] Of(int length, double decay) => [.. Enumerable.Range(0, length + 1).Select(count =>
    {
        double sum = Enumerable.Range(0, count).Sum(k => Math.Exp(-k / decay));
        return Enumerable.Range(0, length).Select(k => k < count ? (float)(Math.Exp(-k / decay) / sum) : 0).ToArray();
    })];
}
