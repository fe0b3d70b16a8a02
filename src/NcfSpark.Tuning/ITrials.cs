namespace NcfSpark.Tuning;

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
