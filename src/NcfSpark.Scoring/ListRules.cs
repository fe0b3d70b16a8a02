using NcfSpark.Core;

namespace NcfSpark.Scoring;

/// <summary>
/// Chooses a list's items among its candidates, one place after the other, where <see cref="ListOptions"/> asks for more than the best ones:
///   a place's best candidate is that of the greatest score - Diversity · s, with s its greatest similarity to an item chosen before (MMR: Carbonell and
///   Goldstein 1998, "The use of MMR, diversity-based reranking"), and a similarity the share of common values among all values of both (Jaccard);
///   a candidate of whose values one stands in MaxPerValue chosen items is passed over;
///   where as many places are left as promoted items are missing, only those are candidates;
///   the last Explore · most places, rounded, are drawn, by weights exp((score / b - 1) / Temperature), where b is the best candidate's score.
/// Example: scores a .9, b .8, c .7 and values a {x}, b {x}, c {y} with Diversity .2 and 2 places: a, then c, as .8 - .2 · 1 is below .7 - .2 · 0.
/// </summary>
internal static class ListRules
{
    /// <param name="most">Number of places.</param>
    /// <param name="candidates">By falling score.</param>
    /// <param name="isPromoted">Whether each of them is promoted.</param>
    /// <param name="promoted">At least how many promoted items there should be.</param>
    /// <param name="values">Values of each of them; empty where it has none.</param>
    /// <param name="draws">One number from 0 up to 1 for each place that is drawn.</param>
    /// <returns>The chosen candidates, and with which probability each got its place: 1 where it was not drawn.</returns>
    public static List<(int Candidate, float Propensity)> Choose(ListOptions options, int most, (int Item, float Score)[] candidates,
        bool[] isPromoted, int promoted, int[][] values, Func<int, double> draws)
    {
        var chosen = new List<(int, float)>();
        promoted = Math.Min(promoted, isPromoted.Count(one => one));
        bool[] isGone = new bool[candidates.Length];
        double[] nearest = new double[candidates.Length]; // to what is chosen
        var places = new Dictionary<int, int>(); // taken by each value
        int firstDrawn = most - (int)Math.Round(options.Explore * most, MidpointRounding.AwayFromZero);
        double best = candidates.Length > 0 && candidates[0].Score > 0 ? candidates[0].Score : 1;
        double[] weights = new double[options.Explore > 0 ? candidates.Length : 0];
        for (int n = 0; n < weights.Length; n++) weights[n] = Math.Exp((candidates[n].Score / best - 1) / options.Temperature);
        for (int place = 0; place < most; place++)
        {
            bool[] isLeft = new bool[candidates.Length];
            for (int n = 0; n < candidates.Length; n++) isLeft[n] = !isGone[n] && !IsFull(n);
            if (promoted >= most - place && Enumerable.Range(0, candidates.Length).Any(n => isLeft[n] && isPromoted[n]))
            {
                for (int n = 0; n < candidates.Length; n++) isLeft[n] &= isPromoted[n];
            }

            (int taken, float propensity) = place < firstDrawn ? (Best(isLeft), 1) : Drawn(isLeft, draws(place));
            if (taken < 0) break;
            chosen.Add((taken, propensity));
            isGone[taken] = true;
            if (isPromoted[taken]) promoted--;
            foreach (int value in values[taken]) places[value] = places.GetValueOrDefault(value) + 1;
            if (options.Diversity == 0) continue;
            for (int n = 0; n < candidates.Length; n++) nearest[n] = Math.Max(nearest[n], InteractionLists.Similarity(values[n], values[taken]));
        }

        return chosen;

        bool IsFull(int n) => options.MaxPerValue > 0 && Array.Exists(values[n], value => places.GetValueOrDefault(value) >= options.MaxPerValue);

        int Best(bool[] isLeft)
        {
            int found = -1;
            double greatest = double.NegativeInfinity;
            for (int n = 0; n < candidates.Length; n++)
            {
                double value = candidates[n].Score - options.Diversity * nearest[n];
                if (isLeft[n] && value > greatest) (found, greatest) = (n, value);
            }

            return found;
        }

        (int, float) Drawn(bool[] isLeft, double draw)
        {
            double sum = 0, before = 0;
            int last = -1;
            for (int n = 0; n < candidates.Length; n++) sum += isLeft[n] ? weights[n] : 0;
            for (int n = 0; n < candidates.Length; n++)
            {
                if (!isLeft[n]) continue;
                (last, before) = (n, before + weights[n]);
                if (draw * sum < before) break;
            }

            return (last, last < 0 ? 1 : (float)(weights[last] / sum));
        }
    }
}
