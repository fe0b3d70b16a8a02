using NcfSpark.Core;

namespace NcfSpark.Scoring;

/// <summary>
/// Chooses a list's items among its candidates, one place after the other, where <see cref="ListOptions"/> asks for more than the best ones:
///   a place's best candidate is that of the greatest score - Diversity · s, with s its greatest similarity to an item chosen before (MMR: Carbonell and
///   Goldstein 1998, "The use of MMR, diversity-based reranking"), and a similarity the share of common values among all values of both (Jaccard);
///   a candidate of whose values one stands in MaxPerValue chosen items is passed over;
///   where as many places are left as promoted items are missing, only those are candidates;
///   the last Explore · most places, rounded, are drawn without replacement, by weights exp((score / b - 1) / Temperature), where b is the best candidate's
///   score; a drawn item's propensity is the probability that any of these places is its (<see cref="Inclusion"/>), of those that were left before them.
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
    /// <returns>The chosen candidates, and with which probability each got a place: 1 where it was not drawn. MaxPerValue and Promote, where they take
    /// candidates away between two draws, are not counted in it.</returns>
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
        int[] pool = []; // left before the first place that is drawn
        for (int place = 0; place < most; place++)
        {
            bool[] isLeft = new bool[candidates.Length];
            for (int n = 0; n < candidates.Length; n++) isLeft[n] = !isGone[n] && !IsFull(n);
            if (place == firstDrawn) pool = [.. Enumerable.Range(0, candidates.Length).Where(n => isLeft[n])];
            if (promoted >= most - place && Enumerable.Range(0, candidates.Length).Any(n => isLeft[n] && isPromoted[n]))
            {
                for (int n = 0; n < candidates.Length; n++) isLeft[n] &= isPromoted[n];
            }

            int taken = place < firstDrawn ? Best(isLeft) : Drawn(isLeft, draws(place));
            if (taken < 0) break;
            chosen.Add((taken, 1));
            isGone[taken] = true;
            if (isPromoted[taken]) promoted--;
            foreach (int value in values[taken]) places[value] = places.GetValueOrDefault(value) + 1;
            if (options.Diversity == 0) continue;
            for (int n = 0; n < candidates.Length; n++) nearest[n] = Math.Max(nearest[n], InteractionLists.Similarity(values[n], values[taken]));
        }

        double[] poolWeights = Array.ConvertAll(pool, n => weights[n]);
        for (int place = firstDrawn; place < chosen.Count; place++)
        {
            int n = chosen[place].Item1;
            chosen[place] = (n, (float)Inclusion(poolWeights, Array.IndexOf(pool, n), most - firstDrawn));
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

        int Drawn(bool[] isLeft, double draw)
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

            return last;
        }
    }

    /// <summary>
    /// The probability that a candidate is among those that are drawn, one after the other, without replacement and by weight. The order of such draws is
    /// that of arrivals at times that are exponential with the weights as rates (Efraimidis and Spirakis 2006), so it is the probability that fewer than
    /// <paramref name="draws"/> others arrive before it: the integral over t of w exp(-w t) P(fewer than so many have arrived by t), taken by the
    /// trapezoidal rule in s with t = draws / W · ln(1 + exp(-π sinh s)) and W the sum of weights (double exponential: Takahasi and Mori 1974).
    /// </summary>
    /// <returns>1 where no more candidates are there than are drawn. Its relative error is below 1e-6.</returns>
    internal static double Inclusion(double[] weights, int candidate, int draws)
    {
        double own = weights[candidate], sum = weights.Sum(), probability = 0;
        if (draws >= weights.Length) return 1;
        if (draws == 1) return own / sum;
        const double Step = 1 / 16.0, End = 4;
        double start = -Math.Asinh(40 * sum / (Math.PI * draws * Math.Max(weights.Min(), 1e-12 * sum))); // by then all have arrived
        double[] arrived = new double[draws]; // the probability that so many others have
        for (double s = start; s <= End; s += Step)
        {
            double power = Math.PI * Math.Sinh(s);
            double time = draws / sum * (power < -30 ? -power : Math.Log(1 + Math.Exp(-power)));
            Array.Clear(arrived);
            arrived[0] = 1;
            for (int n = 0; n < weights.Length; n++)
            {
                if (n == candidate) continue;
                double stays = Math.Exp(-weights[n] * time);
                for (int count = draws - 1; count > 0; count--) arrived[count] = arrived[count] * stays + arrived[count - 1] * (1 - stays);
                arrived[0] *= stays;
            }

            probability += Math.Exp(-own * time) * arrived.Sum() / (1 + Math.Exp(power)) * Math.PI * Math.Cosh(s);
        }

        return Math.Min(1, probability * Step * draws * own / sum);
    }
}
