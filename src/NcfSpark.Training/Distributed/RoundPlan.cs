namespace NcfSpark.Training.Distributed;

/// <summary>
/// Where a worker's rounds end: its steps of an epoch are cut into as many stretches as there are rounds, which differ by at most one step.
/// Example, 700 samples in batches of 100 and 3 rounds: 7 steps, rounds of 2, 2 and 3 of them, which end after 200, 400 and 700 samples.
/// </summary>
/// <param name="Samples">The worker's samples of an epoch.</param>
/// <param name="BatchSize">Samples of a step.</param>
/// <param name="Rounds">Rounds of an epoch.</param>
internal sealed record RoundPlan(long Samples, int BatchSize, int Rounds)
{
    /// <summary>Steps of an epoch.</summary>
    public long Steps => (Samples + BatchSize - 1) / BatchSize;

    /// <summary>Samples of the epoch that are done when a round begins; for the number of rounds, when the epoch ends.</summary>
    public long SamplesBefore(int round) => Math.Min(StepsBefore(round) * BatchSize, Samples);

    /// <summary>Steps of the epoch that are done when a round begins.</summary>
    public long StepsBefore(int round) => Steps * round / Rounds;
}
