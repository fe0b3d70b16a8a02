namespace NcfSpark.Cluster;

/// <summary>
/// A set of indexes as a condition of Spark's SQL, so that a query holds it and executors need read no file: a bit for
/// each index in a literal of bytes, in which Spark looks up each row. Example: {0, 2, 9} of 10 is X'0502' (bits 0 and
/// 2 of the first byte, bit 1 of the second).
/// </summary>
/// <param name="count">All of them are below this.</param>
internal sealed class IndexSet(IEnumerable<int> indexes, int count)
{
    private readonly string bytes = Convert.ToHexString(BytesOf(indexes, count));

    /// <summary>Whether the set has the index that a column holds; true of its 0 is what is said of a negative one.</summary>
    public string Has(string column) =>
        $"getbit(CAST(conv(hex(substring(X'{bytes}', CAST(greatest({column}, 0) div 8 AS INT) + 1, 1)), 16, 10) AS INT), CAST(greatest({column}, "
        + "0) % 8 AS INT)) = 1";

    private static byte[] BytesOf(IEnumerable<int> indexes, int count)
    {
        byte[] bytes = new byte[(count + 7) / 8];
        foreach (int index in indexes) bytes[index / 8] |= (byte)(1 << index % 8);
        return bytes;
    }
}
