using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Training;
using NcfSpark.Tuning;

namespace NcfSpark.Jobs.Tests.Tuning;

/// <summary>The search over made-up trials: a candidate's worth is drawn by its number, and every epoch takes a second.</summary>
public sealed class HyperbandTests
{
    private const int Epochs = 27;

    [Theory]
    [InlineData(30, new[] { 3, 10, 30 })]
    [InlineData(27, new[] { 3, 9, 27 })]
    [InlineData(2, new[] { 1, 2 })]
    [InlineData(1, new[] { 1 })]
    public void RungsAreNinthsThirdsAndAllOfTheEpochs(int epochs, int[] rungs) => Assert.Equal(rungs, Hyperband.RungsOf(epochs));

    [Fact]
    public void TheConfigurationItselfIsTrainedFirstAndIsAmongTheFinalists()
    {
        SearchResult result = Search(new MadeUp(), minutes: 20);
        Assert.Equal((0, Epochs, 1), (result.Trials[0].Candidate, result.Trials[0].Epochs, result.Trials[0].Seed));
        Assert.Contains(result.Finalists, finalist => finalist.Candidate.Number == 0);
    }

    [Fact]
    public void ABracketTrainsNineCandidatesThreeOfThemLongerAndOneToTheEnd()
    {
        SearchResult result = Search(new MadeUp(), minutes: 20);
        Trial[] bracket = [.. result.Trials.Skip(1).Take(13)];
        Assert.Equal([.. Enumerable.Repeat(3, 9), 9, 9, 9, 27], bracket.Select(trial => trial.Epochs));
        Assert.Equal(bracket[..9].OrderByDescending(trial => trial.Ndcg).Take(3).Select(trial => trial.Candidate),
            bracket[9..12].Select(trial => trial.Candidate));
        Assert.Equal(bracket[9..12].MaxBy(trial => trial.Ndcg)!.Candidate, bracket[12].Candidate);
    }

    [Fact]
    public void TheNextBracketBeginsARungHigherWithNewCandidates()
    {
        SearchResult result = Search(new MadeUp(), minutes: 20);
        Trial[] second = [.. result.Trials.Skip(14).Take(6)];
        Assert.Equal([9, 9, 9, 9, 9, 27], second.Select(trial => trial.Epochs));
        Assert.Equal([10, 11, 12, 13, 14], second[..5].Select(trial => trial.Candidate));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(12)]
    [InlineData(60)]
    public void TheBudgetIsKeptAndMostOfItUsed(double minutes)
    {
        SearchResult result = Search(new MadeUp(), minutes);
        Assert.InRange(result.Seconds, 0.5 * minutes * 60, minutes * 60);
    }

    [Fact]
    public void ABudgetThatIsTooSmallForAnythingStillTrainsTheConfigurationItself()
    {
        SearchResult result = Search(new MadeUp(), minutes: 0.02);
        Assert.Equal([0], result.Trials.Select(trial => trial.Candidate));
        Assert.Equal((0, 0), (result.Finalists.Single().Candidate.Number, result.Finalists[0].Finals.Count));
    }

    [Fact]
    public void ALuckyCandidateLosesToABetterOneInTheFinals()
    {
        // Candidate 1 looks best by the search's seed and is worst by all others; candidate 2 is truly good.
        var trials = new MadeUp { Worth = (candidate, seed) => candidate == 1 ? seed == 1 ? 0.9 : 0.01 : candidate == 2 ? 0.5 : 0.1 };
        SearchResult result = Search(trials, minutes: 20);
        Assert.Equal(2, result.Finalists[0].Candidate.Number);
        Assert.All(result.Finalists.SelectMany(finalist => finalist.Finals), trial => Assert.NotEqual(1, trial.Seed));
    }

    [Fact]
    public void CandidatesThatDivergeAreLeftBehind()
    {
        SearchResult result = Search(new MadeUp { Worth = (candidate, _) => candidate % 2 == 1 ? null : 0.1 + candidate / 1e4 }, minutes: 20);
        Assert.All(result.Finalists, finalist => Assert.Equal(0, finalist.Candidate.Number % 2));
        Assert.DoesNotContain(result.Trials, trial => trial.Epochs > 9 && trial.Candidate % 2 == 1);
    }

    [Fact]
    public void ACandidateIsGivenAQuarterOfTheBudgetAtMost()
    {
        var trials = new MadeUp();
        Search(trials, minutes: 20);
        Assert.All(trials.Limits.Skip(1).Where(limit => limit != TimeSpan.MaxValue), limit => Assert.Equal(TimeSpan.FromMinutes(5), limit));
    }

    [Fact]
    public void ACandidateWithItsOwnNumberOfEpochsIsTrainedForANinthAThirdAndAllOfThem()
    {
        SearchResult result = Search(new MadeUp(), minutes: 20, most: number => number % 2 == 0 ? Epochs : 3);
        Assert.Equal([1, 3], result.Trials.Where(trial => trial.Candidate % 2 == 1).Select(trial => trial.Epochs).Distinct().Order());
        Assert.Equal(result.Trials.Count, result.Trials.Select(trial => (trial.Candidate, trial.Epochs, trial.Seed)).Distinct().Count()); // none twice
    }

    [Fact]
    public void KindsAreTrainedForAllTheirEpochsBeforeTheBrackets()
    {
        SearchResult result = Search(new MadeUp(), minutes: 20, beginnings: 3);
        Assert.Equal([(0, Epochs), (1, Epochs), (2, Epochs), (3, Epochs), (4, 3)], result.Trials.Take(5).Select(trial => (trial.Candidate, trial.Epochs)));
        Assert.Equal(0, Search(new MadeUp(), minutes: 0.5, beginnings: 3).Candidates); // no time for one, after the configuration itself
    }

    [Fact]
    public void WhatWasUsedBeforeIsOfTheBudget()
    {
        SearchResult result = Search(new MadeUp(), minutes: 20, secondsBefore: 600);
        Assert.InRange(result.Seconds, 600 + 0.5 * 600, 20 * 60);
    }

    [Fact]
    public void TheSameTrialsAgainGiveTheSameSearch()
    {
        SearchResult first = Search(new MadeUp(), minutes: 9), again = Search(new MadeUp(), minutes: 9);
        Assert.Equal(first.Trials, again.Trials);
        Assert.Equal(first.Finalists.Select(finalist => finalist.Candidate.Number), again.Finalists.Select(finalist => finalist.Candidate.Number));
    }

    [Fact]
    public void AnExhaustedSpaceEndsTheSearch()
    {
        SearchResult result = Search(new MadeUp(), minutes: 60, candidates: 4);
        Assert.Equal(4, result.Candidates);
    }

    [Fact]
    public void WhatWasKeptOfACandidateIsForgottenAtTheEnd()
    {
        var trials = new MadeUp();
        Search(trials, minutes: 20);
        Assert.Empty(trials.Kept);
    }

    private static SearchResult Search(
        MadeUp trials, double minutes, int candidates = int.MaxValue, Func<int, int?>? most = null, double secondsBefore = 0, int beginnings = 0)
    {
        var configuration = new NcfSparkConfiguration();
        return new Hyperband(
            new TuneOptions { BudgetMinutes = minutes },
            Epochs,
            seed: 1,
            number => number <= candidates
                ? new Candidate(number, configuration with { Train = configuration.Train with { LearningRateSchedule = LearningRateSchedule.Linear } },
                    new Dictionary<string, string>()) { MostEpochs = most?.Invoke(number) }
                : null,
            trials,
            secondsBefore,
            beginnings).Run();
    }

    private sealed class MadeUp : ITrials
    {
        public Func<int, int, double?> Worth { get; init; } = (
            candidate, seed) => 0.1 + 0.1 * RandomStream.Named(1, "worth").Unit(candidate) + 0.001 * RandomStream.Named(seed, "luck").Unit(candidate);

        public List<TimeSpan> Limits { get; } = [];

        public HashSet<(int, int)> Kept { get; } = [];

        public Trial Run(Candidate candidate, int epochs, int seed, TimeSpan limit)
        {
            Limits.Add(limit);
            Kept.Add((candidate.Number, seed));
            double? worth = Worth(candidate.Number, seed);
            return new Trial(candidate.Number, epochs, seed, worth * (1 - 0.1 / epochs), worth, epochs, epochs, worth is null ? "diverged" : null);
        }

        public void Forget(Candidate candidate, int seed) => Kept.Remove((candidate.Number, seed));
    }
}
