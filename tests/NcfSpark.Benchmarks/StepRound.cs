namespace NcfSpark.Benchmarks;

/// <summary>Windows that were measured one after the other.</summary>
/// <param name="Limit">Of the matrix product, operations.</param>
/// <param name="Fused">Of the fused step on samples that lie ready.</param>
/// <param name="Distance">Nanoseconds of a cache line from core to core (<see cref="CoreDistance"/>), right after the fused step's window.</param>
/// <param name="Epoch">Of the fused step with fresh negatives.</param>
/// <param name="Torch">Of the Torch step on samples that lie ready.</param>
internal sealed record StepRound(WindowRate Limit, WindowRate Fused, double Distance, WindowRate Epoch, WindowRate Torch);
