using FsCheck.Xunit;

namespace NcfSpark.Core.Tests;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("epochs", "Epochs", 0)]
    [InlineData("Epoch", "Epochs", 1)]
    [InlineData("Trian", "Train", 1)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("", "abc", 3)]
    [InlineData("ca", "abc", 3)] // 2 by Damerau's distance, 3 by optimal string alignment
    public void EditsAreThoseOfAHand(string from, string to, int edits) => Assert.Equal(edits, NearestName.Edits(from, to));

    [Property(MaxTest = 300)]
    public bool EditsEqualTheRecursiveDefinition(byte[] from, byte[] to)
    {
        string one = Word(from), other = Word(to);
        return NearestName.Edits(one, other) == Recursive(one, other) && NearestName.Edits(one, other) == NearestName.Edits(other, one);
    }

    [Theory]
    [InlineData("user_id", "user_id")]
    [InlineData("USERID", "userId")]
    [InlineData("usr_id", "user_id")]
    [InlineData("timestmap", "timestamp")]
    [InlineData("Weather", null)]
    [InlineData("", null)]
    public void TheNearestIsFoundWhereOneIsNear(string given, string? nearest) =>
        Assert.Equal(nearest, NearestName.Of(given, ["user_id", "userId", "timestamp", "rating"]));

    [Fact]
    public void TheFirstOfEquallyNearOnesIsMeant() => Assert.Equal("abcd", NearestName.Of("abc", ["abcd", "abce"]));

    private static string Word(byte[] bytes) => string.Concat(bytes.Take(5).Select(letter => (char)('A' + letter % 3)));

    private static int Recursive(string a, string b)
    {
        if (a.Length == 0 || b.Length == 0) return a.Length + b.Length;
        int best = Math.Min(
            Recursive(a[..^1], b[..^1]) + (a[^1] == b[^1] ? 0 : 1),
            1 + Math.Min(Recursive(a[..^1], b), Recursive(a, b[..^1])));
        bool swapped = a.Length > 1 && b.Length > 1 && a[^1] == b[^2] && a[^2] == b[^1];
        return swapped ? Math.Min(best, 1 + Recursive(a[..^2], b[..^2])) : best;
    }
}
