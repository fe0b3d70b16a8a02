namespace NcfSpark.Preparation;

/// <summary>
/// <see cref="PortableHash"/> in SQL. Each step is a query around a query that names its result, since an expression of expressions would grow
/// fivefold a round and could be computed as often.
/// </summary>
internal static class PortableHashSql
{
    /// <summary>A query of some columns of the source and the state into which one more value was absorbed.</summary>
    /// <param name="source">A table, or a query in parentheses.</param>
    /// <param name="from">The state before: a column or a number.</param>
    /// <param name="value">An expression of the source, in [0, 2^31).</param>
    public static string Absorb(string source, string keep, string from, string value, string state) =>
        FifthPower(source, keep, $"(CAST({from} AS BIGINT) + {value} + {PortableHash.AbsorbConstant}) % {PortableHash.P}", state);

    /// <summary>As <see cref="Absorb"/>, for a value below 2^28 (such as the number of a draw), which saves a division.</summary>
    public static string AbsorbSmall(string source, string keep, string from, string value, string state) =>
        FifthPower(source, keep, $"CAST({from} AS BIGINT) + {value} + {PortableHash.AbsorbConstant}", state);

    /// <summary>An expression of the first 28 bits of the MD5 of an id's text, INT: the same for an id in every log. Slow, so once an id.</summary>
    public static string OfText(string id)
    {
        IEnumerable<string> digits = Enumerable.Range(1, 7)
            .Select(place => $"(instr('0123456789abcdef', substr(md5(CAST({id} AS STRING)), {place}, 1)) - 1) * {1 << (4 * (7 - place))}");
        return $"CAST({string.Join(" + ", digits)} AS INT)";
    }

    /// <summary>A query of <paramref name="keep"/> and the hash of the state, under the state's name.</summary>
    public static string Finish(string source, string keep, string state)
    {
        string first = FifthPower(source, keep, $"{state} + {PortableHash.FirstFinishConstant}", state);
        return FifthPower($"({first})", keep, $"{state} + {PortableHash.SecondFinishConstant}", state);
    }

    private static string FifthPower(string source, string keep, string x, string result) =>
        $"""
        SELECT {keep}, x2 * x2 % {PortableHash.P} * x % {PortableHash.P} AS {result}
        FROM (SELECT {keep}, x, x * x % {PortableHash.P} AS x2 FROM (SELECT {keep}, {x} AS x FROM {source}))
        """;
}
