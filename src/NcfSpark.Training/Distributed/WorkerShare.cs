using NcfSpark.Core;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// The users of one worker: those of the shards s with s mod Workers = Worker, in rising order, numbered from 0 here. User u is in shard u mod Shards.
/// Example, 4 shards, 2 workers, worker 1: its shards are 1 and 3, its users 1, 3, 5, 7, 9, … are here 0, 1, 2, 3, 4, …
/// </summary>
/// <param name="Shards">Into how many shards users were dealt.</param>
/// <param name="Workers">How many workers there are.</param>
/// <param name="Worker">Which this is, from 0.</param>
public sealed record WorkerShare(int Shards, int Workers, int Worker)
{
    /// <summary>How many shards it has.</summary>
    public int ShardCount => (Shards - Worker + Workers - 1) / Workers;

    /// <summary>The shard at a place among its own.</summary>
    public int Shard(int place) => Worker + place * Workers;

    /// <summary>Whether a user is its own.</summary>
    public bool Owns(int user) => user % Shards % Workers == Worker;

    /// <summary>A user's number here.</summary>
    /// <param name="user">The user's index among all; one of its own.</param>
    public int Local(int user) => user / Shards * ShardCount + user % Shards / Workers;

    /// <summary>The index among all of the user who has this number here.</summary>
    public int Global(int local) => local / ShardCount * Shards + Shard(local % ShardCount);

    /// <summary>How many of so many users are its own.</summary>
    public int UserCount(int allUsers)
    {
        int rest = allUsers % Shards;
        return allUsers / Shards * ShardCount + (rest > Worker ? (rest - Worker - 1) / Workers + 1 : 0);
    }

    /// <summary>
    /// The seed of the worker's samples, negatives and dropout: the first worker's is the run's, so that one alone
    /// draws as without a server.
    /// </summary>
    public int SeedOf(int seed) => Worker == 0 ? seed : (int)RandomStream.Named(seed, "worker", Worker).Below(0, int.MaxValue);

    /// <summary>The rows of its own users, in their order, by the users' numbers here.</summary>
    public InteractionRows RowsOf(InteractionRows all)
    {
        int[] own = [.. Enumerable.Range(0, all.Count).Where(row => Owns(all.Users[row]))];
        InteractionRows rows = all.Take(own);
        return rows with { Users = Array.ConvertAll(rows.Users, Local) };
    }
}

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
