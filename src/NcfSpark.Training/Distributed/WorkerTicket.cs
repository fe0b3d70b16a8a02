namespace NcfSpark.Training.Distributed;

/// <summary>All that a worker's process is started with.</summary>
/// <param name="Server">The server's address, such as "http://127.0.0.1:41234"; "" for a worker of this process.</param>
/// <param name="Token">The run's secret.</param>
/// <param name="Worker">Which worker, from 0.</param>
/// <param name="Attempt">Which attempt of it, from 1; 0 where who starts it does not know: then the latest to come counts.</param>
public sealed record WorkerTicket(string Server, string Token, int Worker, int Attempt);
