using NcfSpark.Core;

namespace NcfSpark.Training;

/// <summary>
/// What a model with attention is trained on: users, each with all training items in the order of time. A sample is a
/// user who has at least two of them, since the first predicts the second. The step draws the negatives.
/// </summary>
internal sealed class UserSamples : ISampleSource
{
    private readonly int[] users;
    private readonly long seed;

    public UserSamples(TrainingSet set, PastItems past, long seed)
    {
        (Past, this.seed) = (past, seed);
        users = UsersOf(set);
    }

    public long Count => users.Length;

    public PastItems Past { get; }

    /// <summary>The users who have at least two positives, ascending.</summary>
    public static int[] UsersOf(TrainingSet set)
    {
        int[] uses = new int[set.UserCount];
        for (int row = 0; row < set.Labels.Length; row++) uses[set.Rows.Users[row]] += set.Labels[row];
        return [.. Enumerable.Range(0, set.UserCount).Where(user => uses[user] > 1)];
    }

    public IEpochSamples InEpoch(int epoch) => new Epoch(users, new IndexPermutation(users.Length, RandomStream.Named(seed, "order", epoch)));

    public void Dispose()
    {
    }

    private sealed class Epoch(int[] users, IndexPermutation order) : IEpochSamples
    {
        public void Fill(long start, Span<int> samples, Span<int> items, Span<float> labels, Span<float> weights) =>
            throw new NotSupportedException("These samples are users, not rows.");

        public void FillUsers(long start, Span<int> samples)
        {
            for (int s = 0; s < samples.Length; s++) samples[s] = users[order[start + s]];
        }
    }
}
