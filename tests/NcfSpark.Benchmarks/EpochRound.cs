using NcfSpark.Training.Distributed;

namespace NcfSpark.Benchmarks;

/// <summary>An epoch of each side.</summary>
internal sealed record EpochRound(long Samples, WindowRate Alone, WindowRate Direct, WindowRate Grpc, WorkerTimes GrpcTimes);
