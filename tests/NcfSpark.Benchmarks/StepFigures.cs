namespace NcfSpark.Benchmarks;

/// <summary>What a case came to.</summary>
/// <param name="Fused">Samples a second.</param>
/// <param name="Torch">Samples a second.</param>
/// <param name="Ratio">Fused over Torch.</param>
/// <param name="Limit">Multiplications and additions a second of a large matrix product.</param>
/// <param name="Share">The fused step's share of that.</param>
/// <param name="CpuShare">The same by processor time.</param>
/// <param name="Epoch">The fused step's speed fed with fresh negatives, over its bare speed.</param>
/// <param name="CpuEpoch">The same by processor time.</param>
/// <param name="Distance">Nanoseconds of a cache line from core to core.</param>
internal sealed record StepFigures(double Fused, double Torch, double Ratio, double Limit, double Share, double CpuShare, double Epoch, double CpuEpoch, double Distance);
