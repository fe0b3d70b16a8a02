using Google.Protobuf;
using Grpc.Core;
using NcfSpark.Core;
using NcfSpark.Engines.SparkConnect.Protocol;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>A file of this machine as an artifact of a session: the server hands it to every executor before the session's next task runs there.</summary>
internal static class ArtifactUpload
{
    private const int ChunkBytes = 256 << 10; // the server holds a few at a time; its own clients send 32 KB
    private const uint Polynomial = 0xEDB88320; // of CRC-32, as in zip files
    private static readonly uint[] Table = MakeTable();

    /// <summary>Sends a file.</summary>
    /// <param name="name">As the server knows it, such as "archives/worker.tar.gz#worker", which is unpacked as the directory "worker".</param>
    /// <exception cref="RpcException">The server is gone, or does not take it.</exception>
    public static async Task SendAsync(ConnectSession session, string name, string path, CancellationToken cancellation)
    {
        await using FileStream file = File.OpenRead(path);
        long chunks = Math.Max(1, (file.Length + ChunkBytes - 1) / ChunkBytes);
        using IProgressTask sending = session.Options.Progress.Start($"sending {Path.GetFileName(path)} to Spark", file.Length, "bytes");
        using AsyncClientStreamingCall<AddArtifactsRequest, AddArtifactsResponse> call = session.Server.AddArtifacts(
            session.Headers, cancellationToken: cancellation);
        byte[] buffer = new byte[ChunkBytes];
        for (long chunk = 0; chunk < chunks; chunk++)
        {
            int read = await file.ReadAtLeastAsync(buffer, ChunkBytes, throwOnEndOfStream: false, cancellation);
            var part = new AddArtifactsRequest.Types.ArtifactChunk { Data = ByteString.CopyFrom(buffer, 0, read), Crc = Crc32(buffer.AsSpan(0, read)) };
            var request = new AddArtifactsRequest { SessionId = session.Id, UserContext = session.User, ClientType = session.ClientType };
            if (session.ServerSideId is { } known) request.ClientObservedServerSideSessionId = known;
            if (chunks == 1) request.Batch = new() { Artifacts = { new AddArtifactsRequest.Types.SingleChunkArtifact { Name = name, Data = part } } };
            else if (chunk == 0) request.BeginChunk = new() { Name = name, TotalBytes = file.Length, NumChunks = chunks, InitialChunk = part };
            else request.Chunk = part;
            await call.RequestStream.WriteAsync(request, cancellation);
            sending.Advance(read);
        }

        await call.RequestStream.CompleteAsync();
        AddArtifactsResponse response = await call.ResponseAsync;
        if (response.Artifacts is not [{ IsCrcSuccessful: true }])
        {
            throw new RpcException(new Grpc.Core.Status(StatusCode.DataLoss, $"{path} arrived damaged."));
        }
    }

    internal static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes) crc = Table[(byte)(crc ^ value)] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint value = 0; value < 256; value++)
        {
            uint crc = value;
            for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? Polynomial ^ (crc >> 1) : crc >> 1;
            table[value] = crc;
        }

        return table;
    }
}
