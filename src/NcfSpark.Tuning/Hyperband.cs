using NcfSpark.Configuration;

namespace NcfSpark.Tuning;

/// <summary>
/// Hyperband (Li et al. 2018, "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization") with epochs as the resource. A bracket trains
/// many new candidates for a ninth of the epochs, the best third of them for a third, and the best of these for all. Every second bracket begins with a
/// third of the epochs, since some candidates start slowly. Brackets repeat while there is time. The configuration itself is trained first, for all
/// epochs. At the end it and the best candidates are trained again with other seeds, and the best mean wins, because the figures that found the finalists
/// are the luckiest of many.
/// </summary>
/// <param name="epochs">The most epochs of any candidate.</param>
/// <param name="secondsBefore">What of the budget was used already.</param>
/// <param name="beginnings">
/// How many of the first candidates are trained for all epochs before the brackets, where there is time: the kinds of models as they begin, because some learn
/// slowly at first, and a bracket would leave them behind.
/// </param>
/// <remarks>
/// The trials follow from the ranges, the options and how long trials took, so a search that resumes from a journal, which has the seconds, is the same.
/// </remarks>
internal sealed class Hyperband(
    TuneOptions options, int epochs, int seed, Func<int, Candidate?> draw, ITrials trials, double secondsBefore = 0, int beginnings = 0)
{
    private const int Reduction = 3, MostRungs = 3, SmallestBracket = 3;
    private const int Recent = 10;
    private const double FinalShare = 0.4;   // of the budget, at most, kept for the finalists
    private const double LongestTrial = 0.25; // of the budget: one slow candidate must not use it up
    private const double EnoughToBegin = 1.5; // a bracket may cost this many times the time left, because costs are estimates

    private readonly int[] rungs = RungsOf(epochs);
    private readonly double budget = options.BudgetMinutes * 60;
    private readonly List<Trial> done = [];
    private readonly HashSet<int> started = [];
    private double spent = secondsBefore;
    private int next = 1;

    /// <summary>Epochs by rung, rising: all of them, a third and a ninth, those that there are.</summary>
    public static int[] RungsOf(int epochs) =>
        [.. Enumerable.Range(0, MostRungs).Select(k => Math.Max(1, (int)Math.Round(epochs / Math.Pow(Reduction, k)))).Distinct().Reverse()];

    public SearchResult Run()
    {
        Candidate start = draw(0)!;
        Try(start, EpochsOf(start, rungs.Length - 1), seed, start.MostEpochs is null ? TimeSpan.MaxValue : TimeSpan.FromSeconds(budget));
        for (; next <= beginnings && draw(next) is { } kind; next++)
        {
            if (Left <= 0) continue;
            double share = Left / (beginnings - next + 1); // what another kind took says little of this one
            Try(kind, EpochsOf(kind, rungs.Length - 1), seed, TimeSpan.FromSeconds(Math.Min(budget * LongestTrial, share)));
        }

        int brackets = 0;
        while (Bracket(rungs.Length - 1 - brackets % Math.Max(1, rungs.Length - 1)) is { Count: > 0 }) brackets++;
        IReadOnlyList<Finalist> found = Found(), finalists = Finals(found);
        return new SearchResult(done, brackets, started.Count - 1, spent, finalists);
    }

    // Of a candidate at a rung: all of its own, a third, a ninth.
    private int EpochsOf(Candidate candidate, int rung) => candidate.MostEpochs is { } most
        ? Math.Max(1, (int)Math.Round(most / Math.Pow(Reduction, rungs.Length - 1 - rung)))
        : rungs[rung];

    // How many candidates a bracket over so many rungs has, as in the paper: about the same work for each.
    private int SizeOf(int halvings) => Math.Max(SmallestBracket, (int)Math.Ceiling(rungs.Length / (halvings + 1.0) * Math.Pow(Reduction, halvings)));

    // The trials of a bracket, empty where there is no time or nothing to draw.
    private List<Trial> Bracket(int halvings)
    {
        int size = SizeOf(halvings), first = rungs.Length - 1 - halvings;
        while (size >= SmallestBracket && Cost(size, first) > EnoughToBegin * Left) size--;
        if (size < SmallestBracket) return [];
        var all = new List<Trial>();
        List<Candidate> field = [];
        while (field.Count < size && draw(next) is { } candidate)
        {
            field.Add(candidate);
            next++;
        }

        for (int rung = first; rung < rungs.Length && field.Count > 0; rung++)
        {
            var results = new List<(Candidate Candidate, Trial Trial)>();
            foreach (Candidate candidate in field)
            {
                if (all.Count > 0 && SecondsOf(candidate, EpochsOf(candidate, rung)) > Left) break; // no time for the rest of this bracket
                Trial trial = Try(candidate, EpochsOf(candidate, rung), seed, TimeSpan.FromSeconds(budget * LongestTrial));
                all.Add(trial);
                results.Add((candidate, trial));
            }

            int kept = rung == rungs.Length - 1 ? 0 : Math.Max(1, results.Count / Reduction);
            var trained = results.Where(result => result.Trial.Ndcg is not null);
            List<Candidate> onward = [.. trained.OrderByDescending(result => result.Trial.Ndcg).Take(kept).Select(result => result.Candidate)];
            foreach (Candidate candidate in field.Except(onward)) trials.Forget(candidate, seed);
            field = onward;
        }

        return all;
    }

    // The best trial of each candidate, best first.
    private IReadOnlyList<Finalist> Found() =>
    [
        .. done.Where(trial => trial.Ndcg is not null).GroupBy(trial => trial.Candidate)
            .Select(group => group.MaxBy(trial => trial.Ndcg)!)
            .OrderByDescending(trial => trial.Ndcg).ThenBy(trial => trial.Candidate)
            .Select(trial => new Finalist(draw(trial.Candidate)!, trial.BestEpoch, trial.Ndcg!.Value, [])),
    ];

    private IReadOnlyList<Finalist> Finals(IReadOnlyList<Finalist> found)
    {
        (Finalist[] finalists, int seeds) = Fitting();
        // Seed by seed, so that all have as many, should the machine have become slower.
        for (int s = 1; s <= seeds && (s == 1 || CostOf(finalists) <= budget - spent); s++)
        {
            Trial Final(Finalist finalist) => Try(finalist.Candidate, finalist.Epochs, seed + s, TimeSpan.MaxValue);
            finalists = [.. finalists.Select(finalist => finalist with { Finals = [.. finalist.Finals, Final(finalist)] })];
        }

        return [.. finalists.OrderByDescending(finalist => finalist.Mean).ThenBy(finalist => finalist.Candidate.Number)];

        // As many finalists and seeds as there is time for: first fewer finalists, then fewer seeds. Without time for any, the figures of the search decide.
        (Finalist[], int) Fitting()
        {
            for (int seeds = options.FinalSeeds; seeds > 0; seeds--)
            {
                for (int count = options.Finalists; count > 0; count--)
                {
                    Finalist[] some = [.. WithStart(found, count)];
                    if (seeds * CostOf(some) <= budget - spent) return (some, seeds);
                }
            }

            return ([.. WithStart(found, options.Finalists)], 0);
        }
    }

    // The configuration itself is always among the finalists.
    private static IEnumerable<Finalist> WithStart(IReadOnlyList<Finalist> found, int count) =>
        found.Take(count).Concat(found.Skip(count).Where(finalist => finalist.Candidate.Number == 0));

    private Trial Try(Candidate candidate, int upTo, int withSeed, TimeSpan limit)
    {
        started.Add(candidate.Number);
        if (done.Find(trial => (trial.Candidate, trial.Epochs, trial.Seed) == (candidate.Number, upTo, withSeed)) is { } before) return before; // few epochs
        Trial trial = trials.Run(candidate, upTo, withSeed, limit);
        spent += trial.Seconds;
        done.Add(trial);
        if (withSeed != seed || upTo == EpochsOf(candidate, rungs.Length - 1)) trials.Forget(candidate, withSeed);
        return trial;
    }

    // Seconds that may still be searched; the rest is kept for the finalists.
    private double Left
    {
        get
        {
            Finalist[] likely = [.. WithStart(Found(), options.Finalists)];
            double finals = CostOf(likely) + Math.Max(0, options.Finalists + 1 - likely.Length) * epochs * SecondsAnEpoch;
            return budget - Math.Min(options.FinalSeeds * finals, FinalShare * budget) - spent;
        }
    }

    // Of the latest trials, since the speed of a shared machine varies.
    private double SecondsAnEpoch => done.TakeLast(Recent).Sum(trial => trial.Seconds) / done.TakeLast(Recent).Sum(trial => WorkOf(trial));

    private double Cost(int size, int first)
    {
        Candidate[] field = [.. Enumerable.Range(next, size).Select(draw).OfType<Candidate>()];
        double seconds = 0;
        for (int rung = first, left = size; rung < rungs.Length; rung++, left = Math.Max(1, left / Reduction))
        {
            seconds += left / (double)size * field.Sum(candidate => SecondsOf(candidate, EpochsOf(candidate, rung)));
        }

        return seconds;
    }

    // Of training each once, from the start.
    private double CostOf(IEnumerable<Finalist> finalists) => finalists.Sum(finalist => SecondsOf(finalist.Candidate, finalist.Epochs, anew: true));

    // From earlier trials of the candidate, else of those of its kind, else of all.
    private double SecondsOf(Candidate candidate, int upTo, bool anew = false)
    {
        Trial[] own = [.. done.Where(trial => trial.Candidate == candidate.Number)];
        int before = own.Length == 0 || anew || !candidate.GoesOn ? 0 : own.Max(trial => trial.Epochs);
        Trial[] alike = own.Length > 0 || candidate.MostEpochs is null ? own : [.. done.Where(trial => draw(trial.Candidate)!.Kind == candidate.Kind)];
        double rate = alike.Length == 0 ? SecondsAnEpoch : alike.Sum(trial => trial.Seconds) / alike.Sum(trial => WorkOf(trial));
        return rate * Math.Max(1, upTo - before);
    }

    // Epochs that a trial trained; those of earlier ones of the same candidate are not trained again where it goes on.
    private int WorkOf(Trial trial)
    {
        int before = draw(trial.Candidate)!.GoesOn
            ? done.TakeWhile(other => other != trial)
                .Where(other => other.Candidate == trial.Candidate && other.Seed == trial.Seed && other.Epochs < trial.Epochs)
                .Select(other => other.Epochs).DefaultIfEmpty(0).Max()
            : 0;
        return trial.Epochs - before;
    }
}

/// <summary>Trains candidates for a search.</summary>
internal interface ITrials
{
    /// <summary>Trains a candidate, from its last epoch where it was trained before and its learning rate is constant, and validates it.</summary>
    /// <param name="epochs">Up to which epoch.</param>
    /// <param name="seed">The seed of its training.</param>
    /// <param name="limit">How long it may take; longer is a failure.</param>
    Trial Run(Candidate candidate, int epochs, int seed, TimeSpan limit);

    /// <summary>It will not be trained further with this seed: what was kept for that can go.</summary>
    void Forget(Candidate candidate, int seed);
}
