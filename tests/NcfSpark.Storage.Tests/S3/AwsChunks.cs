using System.Globalization;
using System.Text;

namespace NcfSpark.Storage.Tests.S3;

/// <summary>The body of a request in aws-chunked, which the SDK's TransferUtility sends: SIZE;chunk-signature=…\r\nBYTES\r\n, then trailers.</summary>
internal sealed class AwsChunks(Stream body) : MemoryStream
{
    private readonly BufferedStream buffered = new(body, 1 << 16);
    private long left;
    private bool ended;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (ended) return 0;
        if (left == 0)
        {
            string head = await Line(cancellationToken);
            if (head.Length == 0) head = await Line(cancellationToken); // what follows the bytes of the chunk before
            left = long.Parse(head.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (left == 0)
            {
                await buffered.CopyToAsync(Stream.Null, cancellationToken);
                ended = true;
                return 0;
            }
        }

        int read = await buffered.ReadAsync(buffer[..(int)Math.Min(left, buffer.Length)], cancellationToken);
        left -= read;
        return read;
    }

    private async Task<string> Line(CancellationToken cancellation)
    {
        var line = new StringBuilder();
        byte[] one = new byte[1];
        while (await buffered.ReadAsync(one.AsMemory(), cancellation) > 0 && one[0] != '\n')
        {
            if (one[0] != '\r') line.Append((char)one[0]);
        }

        return line.ToString();
    }
}
