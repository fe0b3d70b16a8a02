using System.Globalization;
using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>Which blanks around an id are taken away: <see cref="SqlDialect.Blanks"/>, by every engine and in lists.</summary>
[Collection(EngineCollection.Name)]
public sealed class TrimTests(EngineFixture fixture) : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void DuckDbAndListsTakeTheSameBlanksAway()
    {
        (string csv, string[] trimmed) = EveryLetter(folder);
        using var kinds = new InputKindsTests(fixture);
        Assert.Equal(trimmed, kinds.Read(InputKindsTests.Usual with { Path = csv }).Select(row => row.User));
    }

    [Fact]
    public void BlanksAreUnicodesSpaceSeparators() =>
        Assert.Equal(SqlDialect.Blanks, string.Concat(
            Enumerable.Range(0, 0x10000).Select(code => (char)code).Where(letter => char.GetUnicodeCategory(letter) == UnicodeCategory.SpaceSeparator)));

    /// <summary>
    /// A log with the id "7x" between two of each letter, as far as a line of CSV and UTF-8 can hold it, and between
    /// blanks of several kinds; and the ids that lists make of these, in order.
    /// </summary>
    internal static (string Csv, string[] Trimmed) EveryLetter(TestFolder folder)
    {
        char[] letters = [.. Enumerable.Range(1, 0xFFFC).Select(code => (char)code)
            .Where(letter => !char.IsSurrogate(letter) && letter is not ('\r' or '\n' or '"' or ','))];
        string[] ids = [.. letters.Select(letter => $"{letter}7{(int)letter}x{letter}"), $" \u00a0\u30007 y\u2003 ",
            $"{SqlDialect.Blanks}7z{SqlDialect.Blanks}"];
        string csv = folder.Write("every.csv", InputKindsTests.Header + string.Concat(ids.Select((id, row) => $"{id},1,{1_700_000_000 + row}\n")));
        return (csv, [.. ids.Select(id => IdText.Trim(id)).Order()]);
    }
}
