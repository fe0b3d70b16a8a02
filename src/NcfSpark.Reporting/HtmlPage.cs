namespace NcfSpark.Reporting;

/// <summary>The frame of every page: one style, in the page itself, and nothing that a browser would fetch or run.</summary>
public static class HtmlPage
{
    /// <summary>A whole page.</summary>
    /// <param name="sections">Sections, each with the id that a link names; those without a body are left out by the caller.</param>
    /// <param name="footer">A sentence below.</param>
    public static string Of(string title, Html header, IEnumerable<(string Id, string Title, Html Body)> sections, Html footer) => Html.Of($"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
        <title>{title}</title>
        <style>
        {StyleSheet()}
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

    private static Html StyleSheet()
    {
        using var reader = new StreamReader(typeof(HtmlPage).Assembly.GetManifestResourceStream("NcfSpark.Reporting.report.css")!);
        return new Html(reader.ReadToEnd());
    }
}
