namespace NcfSpark.Benchmarks;

/// <summary>Windows that were measured one after the other, in pairs but for the limit.</summary>
/// <param name="Limit">Of the matrix product, operations.</param>
/// <param name="Fused">Of the fused scorer, the best kept.</param>
/// <param name="Written">The same through the writer of recommendations, up to the closed file.</param>
/// <param name="All">Of the fused scorer, all scores written.</param>
/// <param name="Torch">Of the Torch scorer, all scores written.</param>
internal sealed record ScoreRound(WindowRate Limit, WindowRate Fused, WindowRate Written, WindowRate All, WindowRate Torch);
