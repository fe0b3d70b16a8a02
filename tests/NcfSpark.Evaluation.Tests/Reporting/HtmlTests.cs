using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests.Reporting;

public class HtmlTests
{
    [Fact]
    public void TextInHolesIsEscapedAndPiecesAreNot()
    {
        Html piece = Html.Of($"<b>{"a<b"}</b>");
        Assert.Equal("<b>a&lt;b</b>", piece.Markup);
        Assert.Equal("<p title=\"&quot;&#39;\"><b>a&lt;b</b><b>a&lt;b</b></p>", Html.Of($"<p title=\"{"\"'"}\">{new[] { piece, piece }}</p>").Markup);
    }

    [Fact]
    public void NumbersArePlain() => Assert.Equal("1 0.33 -2", Html.Of($"{1} {1.0 / 3} {-2.0}").Markup);

    [Fact]
    public void ControlCharactersAndBrokenSurrogatesAreReplaced() => Assert.Equal("\uFFFD\uFFFD\n\uFFFD😀é", Html.Escape("\0\u0085\n\uDC00😀é"));
}
