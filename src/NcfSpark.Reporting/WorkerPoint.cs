namespace NcfSpark.Reporting;

/// <summary>What a worker did in an epoch of training.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Worker">From 0.</param>
/// <param name="Samples">Samples that it trained on.</param>
/// <param name="Rounds">Rounds, at whose ends changes were combined.</param>
/// <param name="Computing">Seconds of computing.</param>
/// <param name="Waiting">Seconds of waiting for other workers.</param>
/// <param name="Communicating">Seconds of sending and receiving.</param>
/// <param name="BytesSent">Bytes that it sent in rounds.</param>
/// <param name="BytesReceived">Bytes that it received in rounds.</param>
public sealed record WorkerPoint(int Epoch, int Worker, long Samples, long Rounds, double Computing, double Waiting, double Communicating, long BytesSent, long BytesReceived);
