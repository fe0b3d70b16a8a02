using System.Security.Cryptography;
using System.Text;

namespace NcfSpark.Reporting;

/// <summary>
/// The frame of every page: one style and one script, in the page itself. Browsers run that script and what it loads from the directory of the page, and no
/// other: the policy has its hash. Without scripts a page shows the same figures.
/// </summary>
public static class HtmlPage
{
    private static readonly Lazy<string> Style = new(() => Resource("report.css")), Script = new(() => Resource("report.js"));

    private static readonly Lazy<string> Policy = new(() =>
        $"default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; script-src 'strict-dynamic' 'sha256-"
        + $"{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Script.Value)))}'");

    /// <summary>The style of every page.</summary>
    public static string StyleSheet => Style.Value;

    /// <summary>A whole page.</summary>
    /// <param name="sections">Sections, each with the id that a link names; those without a body are left out by the caller.</param>
    /// <param name="footer">A sentence below.</param>
    public static string Of(string title, Html header, IEnumerable<(string Id, string Title, Html Body)> sections, Html footer) => Html.Of($"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="{Policy.Value}">
        <title>{title}</title>
        <style>
        {new Html(Style.Value)}
        </style>
        </head>
        <body>
        <header>
        {header}
        </header>
        <main>
        {Sections(sections)}
        </main>
        <footer>{footer}</footer>
        <script>{new Html(Script.Value)}</script>
        </body>
        </html>

        """).Markup;

    public static Html Sections(IEnumerable<(string Id, string Title, Html Body)> sections) => Html.Join(sections.Select(section => Html.Of($"""
        <section id="{section.Id}" aria-labelledby="{section.Id}-heading"><h2 id="{section.Id}-heading">{section.Title}</h2>
        {section.Body}
        </section>

        """)));

    /// <summary>Links to sections of the page.</summary>
    public static Html Links(IEnumerable<(string Id, string Title, Html Body)> sections) =>
        Html.Join(sections.Select(section => Html.Of($"<a href=\"#{section.Id}\">{section.Title}</a>")));

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(HtmlPage).Assembly.GetManifestResourceStream($"NcfSpark.Reporting.{name}")!);
        return reader.ReadToEnd();
    }
}
