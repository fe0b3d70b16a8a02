namespace NcfSpark.Training.Distributed;

/// <summary>What a worker needs to call the server.</summary>
/// <param name="Server">The server's address, such as "http://127.0.0.1:41234"; "" for a worker of this process.</param>
/// <param name="Token">The run's secret.</param>
/// <param name="Worker">From 0.</param>
/// <param name="Attempt">From 1; 0 where the attempt is not known: then the latest one that calls is valid.</param>
public sealed record WorkerCredentials(string Server, string Token, int Worker, int Attempt);
