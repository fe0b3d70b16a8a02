using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace NcfSpark.Core.Tests;

public class ShownTextTests
{
    [Theory]
    [InlineData("item 7", "item 7")]
    [InlineData("\\N", "\\N")]
    [InlineData("é😀漢", "é😀漢")]
    [InlineData("\u001b[31mred\u001b[0m", "\\u001B[31mred\\u001B[0m")]
    [InlineData("two\r\nlines\t", "two\\r\\nlines\\t")]
    [InlineData("evil\u202Etxt\u200B", "evil\\u202Etxt\\u200B")]
    [InlineData("a\u2028b\u0085c\u007f", "a\\u2028b\\u0085c\\u007F")]
    [InlineData("", "")]
    public void WhatATerminalWouldObeyIsEscapedAndAllElseStands(string text, string shown) => Assert.Equal(shown, ShownText.Of(text));

    [Fact]
    public void ALongTextIsShortenedAndItsLengthSaid() => Assert.Equal($"{new string('x', 100)}… (70,000 characters)", ShownText.Of(new string('x', 70_000)));

    [Fact]
    public void APairOfSurrogatesIsNeverCut() => Assert.Equal("ab… (5 characters)", ShownText.Of("ab😀c", 3));

    [Fact]
    public void HalfOfASurrogatePairIsEscaped() => Assert.Equal("a\\uD83Db", ShownText.Of("a\ud83db"));

    [Property]
    public Property WhatIsShownIsShortAndHasNothingHidden() => Prop.ForAll(ArbMap.Default.ArbFor<char[]>(), letters =>
    {
        string shown = ShownText.Of(new string(letters), 20);
        return shown.Length <= 20 * 6 + 30 && !shown.Any(letter => char.IsControl(letter) || letter is '\u2028' or '\u2029' or '\u202E');
    });
}
