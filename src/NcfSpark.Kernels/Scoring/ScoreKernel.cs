using System.Runtime.Intrinsics;

namespace NcfSpark.Kernels;

/// <summary>The kernels of scoring for one instruction set.</summary>
internal abstract unsafe class ScoreKernel
{
    public static ScoreKernel For(SimdLevel level) => level switch
    {
        SimdLevel.Avx512 => new ScoreKernel<Simd512, Vector512<float>>(),
        SimdLevel.Avx2 => new ScoreKernel<Simd256, Vector256<float>>(),
        _ => new ScoreKernel<Simd128, Vector128<float>>(),
    };

    /// <summary>Scores a tile's users against all items and keeps the best items of each user.</summary>
    public abstract void FindBest(ScoreMemory memory, ScoreTile tile, ExcludedItems excluded);

    /// <summary>Scores a tile's users against all items and writes all scores, a row for each user.</summary>
    public abstract void ScoreAll(ScoreMemory memory, ScoreTile tile, float* scores);

    /// <summary>Scores the 32 pairs of a tile into its <see cref="ScoreTile.Scores"/>.</summary>
    public abstract void ScorePairs(ScoreMemory memory, ScoreTile tile);
}

/// <inheritdoc/>
internal sealed unsafe class ScoreKernel<S, V> : ScoreKernel
    where S : ISimd<V>
    where V : struct
{
    public override void FindBest(ScoreMemory memory, ScoreTile tile, ExcludedItems excluded)
    {
        for (int block = 0; block < memory.Blocks; block++)
        {
            TileScores<S, V>.Compute(memory, tile, block);
            BlockResults<S, V>.KeepBest(memory, tile, block, excluded);
        }
    }

    public override void ScoreAll(ScoreMemory memory, ScoreTile tile, float* scores)
    {
        for (int block = 0; block < memory.Blocks; block++)
        {
            TileScores<S, V>.Compute(memory, tile, block);
            BlockResults<S, V>.WriteAll(memory, tile, block, scores);
        }
    }

    public override void ScorePairs(ScoreMemory memory, ScoreTile tile)
    {
        TileScores<S, V>.ComputePairs(memory, tile);
        BlockResults<S, V>.ToScores(memory, tile.Logits, tile.Scores);
    }
}
