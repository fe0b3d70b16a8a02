namespace NcfSpark.Benchmarks;

/// <summary>What a case came to.</summary>
/// <param name="Fused">Pairs a second, with the best kept.</param>
/// <param name="FusedCpu">The same by processor time.</param>
/// <param name="Torch">Pairs a second, with the best kept.</param>
/// <param name="Ratio">Fused over Torch.</param>
/// <param name="Limit">Multiplications and additions a second of a large matrix product.</param>
/// <param name="Share">The fused scorer's share of that.</param>
/// <param name="CpuShare">The same by processor time.</param>
/// <param name="Written">The speed with everything up to the Parquet file, over that.</param>
/// <param name="All">Pairs a second where all scores are written.</param>
internal sealed record ScoreFigures(double Fused, double FusedCpu, double Torch, double Ratio, double Limit, double Share, double CpuShare, double Written, double All);
