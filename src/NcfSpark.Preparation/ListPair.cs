namespace NcfSpark.Preparation;

/// <summary>
/// Expressions of Spark for two whole numbers, neither negative, as one element of a list, which is sorted by the first
/// and then by the second: packed into one BIGINT where their bits suffice, since lists of numbers are sorted several
/// times as fast as lists of structs. Example, with 3 bits for the second: (5, 6) is 5 · 8 + 6 = 46.
/// </summary>
/// <param name="SecondBits">How many bits the second has at most.</param>
/// <param name="Packed">Whether the bits of both suffice.</param>
internal sealed record ListPair(int SecondBits, bool Packed)
{
    /// <summary>Bits that a BIGINT has for numbers that are not negative.</summary>
    public const int MostBits = 63;

    /// <summary>An element that is none, to be left out by <see cref="WithoutNothing"/>.</summary>
    public string Nothing => Packed ? "CAST(-1 AS BIGINT)" : "NULL";

    /// <summary>The pair of two BIGINT.</summary>
    public string Of(string first, string second) => Packed ? $"({first} * {1L << SecondBits} + {second})" : $"struct({first} AS first, {second} AS second)";

    /// <summary>BIGINT; NULL of NULL.</summary>
    public string First(string pair) => Packed ? $"shiftright({pair}, {SecondBits})" : $"{pair}.first";

    /// <summary>BIGINT.</summary>
    public string Second(string pair) => Packed ? $"({pair} & {(1L << SecondBits) - 1})" : $"{pair}.second";

    public string WithoutNothing(string list) => Packed ? $"array_remove({list}, {Nothing})" : $"array_compact({list})";
}
