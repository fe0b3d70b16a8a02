using NcfSpark.Core;

namespace NcfSpark.Evaluation.Tests;

/// <summary>Scores that are given, a row for each user.</summary>
public sealed class TableScorer(params float[][] scores) : IScorer
{
    public int ItemCount => scores[0].Length;

    public void ScoreAll(ReadOnlySpan<int> users_B, Span<float> scores_BN)
    {
        for (int b = 0; b < users_B.Length; b++) scores[users_B[b]].CopyTo(scores_BN[(b * ItemCount)..]);
    }

    /// <summary>Uniform scores, some of them tied, some missing, by hash.</summary>
    public static TableScorer Random(int users, int items, long seed, int levels = 20, double missing = 0)
    {
        RandomStream stream = RandomStream.Named(seed, "scores");
        return new([.. Enumerable.Range(0, users).Select(u => Enumerable.Range(0, items).Select(i => Score(u * items + i)).ToArray())]);

        float Score(int place) => stream.Unit(2 * place) < missing ? float.NaN : stream.Below(2 * place + 1, levels);
    }
}
