namespace NcfSpark.Training.Distributed;

/// <summary>Where a worker begins, once all are there.</summary>
/// <param name="Session">Names the worker's attempt in all that follows, until all go back.</param>
/// <param name="Epoch">From 0.</param>
/// <param name="Round">Of the epoch, from 0.</param>
/// <param name="LossSum">Of its samples of the epoch so far.</param>
/// <param name="HasState">Whether a checkpoint holds its users and moments.</param>
/// <param name="Finished">Whether there is nothing left to do.</param>
/// <param name="Totals">Of all workers' rows.</param>
internal sealed record Assignment(string Session, int Epoch, int Round, double LossSum, bool HasState, bool Finished, SampleTotals Totals);
