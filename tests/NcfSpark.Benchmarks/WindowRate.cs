namespace NcfSpark.Benchmarks;

/// <summary>A rate in a window.</summary>
/// <param name="PerSecond">By the clock.</param>
/// <param name="PerCpuSecond">By the processor time of all threads.</param>
internal readonly record struct WindowRate(double PerSecond, double PerCpuSecond);
