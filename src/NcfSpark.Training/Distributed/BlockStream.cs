using NcfSpark.Core;

namespace NcfSpark.Training.Distributed;

/// <summary>A stream that gives what is written in blocks of at most 1 MB.</summary>
internal sealed class BlockStream(Action<byte[]> give) : WriteOnlyStream
{
    private readonly byte[] buffer = new byte[TableBlock.LargestBlock];
    private int filled;

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int count = Math.Min(bytes.Length, buffer.Length - filled);
            bytes[..count].CopyTo(buffer.AsSpan(filled));
            filled += count;
            bytes = bytes[count..];
            if (filled == buffer.Length) Flush();
        }
    }

    public override void Flush()
    {
        if (filled > 0) give(buffer[..filled]);
        filled = 0;
    }

    protected override void Dispose(bool disposing)
    {
        Flush();
        base.Dispose(disposing);
    }
}
