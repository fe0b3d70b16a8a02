using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;

namespace NcfSpark.Preparation.Tests;

/// <summary>What is seen of a text in pieces is what is seen of it whole.</summary>
public sealed class StagedFilesTests
{
    private static readonly Gen<byte[]> Texts = Gen.Elements(
        "a", ",", "\"", "\"", "\n", "\r\n", "\r", "é", "€", "😀", "\u00c3\u0000", "\u00e2\u0082\u0000", "\u00f0\u009f\u0098\u0000", "\u00ff\u0000").ListOf()
        // Those with a 0 are a letter cut short.
        .Select(parts => parts.SelectMany(part => part.EndsWith('\0') ? Encoding.Latin1.GetBytes(part[..^1]) : Encoding.UTF8.GetBytes(part)).ToArray());

    [Fact]
    public void ATextInPiecesIsSeenAsItIsWhole() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(Arb.From(Texts), Arb.From(Gen.Choose(1, 5)), (text, piece) =>
    {
        using var pieces = new Pieces(text, piece);
        Assert.Equal((HasMixedLineEnds(text), IsUtf8(text) && HasQuotedFieldsOnly(text)), StagedFiles.Scan(pieces, ",", "\""));
    }));

    private static bool HasMixedLineEnds(byte[] text)
    {
        string letters = Encoding.Latin1.GetString(text), others = letters.Replace("\r\n", "");
        return others.Contains('\r') || (others.Contains('\n') && letters.Contains("\r\n"));
    }

    private static bool HasQuotedFieldsOnly(byte[] text) => Encoding.Latin1.GetString(text).Split('\n', '\r')
        .All(line => Regex.IsMatch(line, "^(([^\",]*|\"([^\"]|\"\")*\")(,|$))*$"));

    private static bool IsUtf8(byte[] text)
    {
        try
        {
            _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(text);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private sealed class Pieces(byte[] text, int most) : MemoryStream(text)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(most, buffer.Length)]);
    }
}
