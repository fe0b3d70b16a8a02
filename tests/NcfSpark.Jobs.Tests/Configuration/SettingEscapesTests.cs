using System.Text;
using FsCheck.Xunit;
using NcfSpark.Configuration;

namespace NcfSpark.Jobs.Tests;

public sealed class SettingEscapesTests
{
    [Theory]
    [InlineData(@"\t", "\t")]
    [InlineData(@"\x01", "\x01")] // Hive's
    [InlineData(@"\u2016", "\u2016")]
    [InlineData(@"\\", @"\")]
    [InlineData(@"\", @"\")]
    [InlineData(@"\""", "\"")]
    [InlineData(@"""\x01""", "\x01")] // in quotes, as in a file
    [InlineData(@"|\t|", "|\t|")]
    [InlineData("\t", "\t")]
    [InlineData("\"", "\"")]
    [InlineData("::", "::")]
    public void WhatHelpShowsIsUnderstood(string given, string meant) =>
        Assert.Equal((meant, null), (SettingEscapes.Read(given, out string? problem), problem));

    [Theory]
    [InlineData(@"\q", @"\q")]
    [InlineData(@"\x1", @"\x")]
    [InlineData(@"\u12", @"\u")]
    public void AnUnknownEscapeIsNamed(string given, string unknown)
    {
        Assert.Null(SettingEscapes.Read(given, out string? problem));
        Assert.Contains($"holds {unknown}, which is no escape: there are {SettingEscapes.Known}", problem, StringComparison.Ordinal);
    }

    [Property]
    public bool EveryCharacterHasAnEscape(char one)
    {
        string? meant = SettingEscapes.Read($"\\u{(int)one:x4}", out string? problem);
        return char.IsSurrogate(one)
            ? problem!.Contains("half a character", StringComparison.Ordinal)
            : one == '\uFFFD' || (meant == $"{one}" && problem is null);
    }

    [Property]
    public bool TextWithoutABackslashIsItself(string? text)
    {
        if (text is null || text.Contains('\\', StringComparison.Ordinal) || text.EnumerateRunes().Contains(Rune.ReplacementChar)) return true;
        return SettingEscapes.Read(text, out _) == text;
    }
}
