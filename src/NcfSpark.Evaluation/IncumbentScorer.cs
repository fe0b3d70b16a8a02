using System.Buffers;
using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>
/// The model of the night in production, asked about the users and items of this one, whose indexes are others. It
/// answers as it would have served: users whom it was not trained on get its popularity list, and items that it does
/// not know come after all that it knows.
/// </summary>
/// <param name="scorer">Its model, by its own indexes.</param>
/// <param name="incumbentUsers">Its users.</param>
/// <param name="incumbentItems">Its items.</param>
/// <param name="users">The users of this night.</param>
/// <param name="items">The items of this night.</param>
/// <param name="popularity_N">Its popularity list, by its own indexes.</param>
public sealed class IncumbentScorer(
    IScorer scorer, IdTable incumbentUsers, IdTable incumbentItems, IdTable users, IdTable items, float[] popularity_N) : IScorer
{
    private const float Unknown = float.MinValue; // below every score

    private readonly int[] userOf_U = Array.ConvertAll(users.IndexesIn(incumbentUsers), user => user >= 0 && incumbentUsers.Interactions[user] > 0 ? user : -1);
    private readonly int[] itemOf_N = items.IndexesIn(incumbentItems);

    public int ItemCount => itemOf_N.Length;

    public void ScoreAll(ReadOnlySpan<int> users_B, Span<float> scores_BN)
    {
        int[] known = [.. users_B.ToArray().Select(user => userOf_U[user]).Where(user => user >= 0)];
        float[] rented = ArrayPool<float>.Shared.Rent(Math.Max(1, known.Length * scorer.ItemCount));
        scorer.ScoreAll(known, rented.AsSpan(0, known.Length * scorer.ItemCount));
        int next = 0;
        for (int b = 0; b < users_B.Length; b++)
        {
            bool isKnown = userOf_U[users_B[b]] >= 0;
            ReadOnlySpan<float> earlier_N = isKnown ? rented.AsSpan(next++ * scorer.ItemCount, scorer.ItemCount) : [];
            Span<float> scores_N = scores_BN.Slice(b * ItemCount, ItemCount);
            for (int item = 0; item < scores_N.Length; item++)
            {
                int earlier = itemOf_N[item];
                scores_N[item] = earlier < 0 ? Unknown : isKnown ? earlier_N[earlier] : popularity_N[earlier];
            }
        }

        ArrayPool<float>.Shared.Return(rented);
    }
}
