namespace NcfSpark.Training.Distributed;

/// <summary>What a worker did in an epoch.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Worker">From 0.</param>
/// <param name="Samples">Samples that it trained on.</param>
/// <param name="Times">What it spent its time on.</param>
public sealed record WorkerRecord(int Epoch, int Worker, long Samples, WorkerTimes Times);
