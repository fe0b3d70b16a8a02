using System.Globalization;

namespace NcfSpark.Reporting;

/// <summary>
/// Draws the network as Keras's plot_model does: a box a layer with its name, kind, shapes and parameters, and arrows
/// along which data flows.
/// </summary>
internal static class NetworkDrawing
{
    private const double LetterWidth = 6.7; // of 12 px sans serif, generously, since no font is measured
    private const double LeastBoxWidth = 150, LargestBoxWidth = 270;

    private const string Style = """
        svg.network{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-size:12px;
        --ink:#1b1f24;--muted:#57606a;--edge:#8c959f;--plain:#f3f5f7;--embedding:#dcebfd;--dense:#dff3e4;--border:#c4ccd4}
        @media(prefers-color-scheme:dark){svg.network{
        --ink:#e9edf1;--muted:#a7b1bc;--edge:#768390;--plain:#1f262e;--embedding:#163357;--dense:#17402a;--border:#3a4552}}
        @media print{svg.network{--ink:#1b1f24;--muted:#57606a;--edge:#8c959f;--plain:#f3f5f7;--embedding:#dcebfd;--dense:#dff3e4;--border:#c4ccd4}}
        svg.network text{fill:var(--ink);text-anchor:middle}
        svg.network .name{font-weight:600;font-size:13px}
        svg.network .sizes{fill:var(--muted)}
        svg.network rect{stroke:var(--border)}
        svg.network .plain{fill:var(--plain)}
        svg.network .embedding{fill:var(--embedding)}
        svg.network .dense{fill:var(--dense)}
        svg.network .edge{fill:none;stroke:var(--edge);stroke-width:1.5}
        svg.network marker path{fill:var(--edge)}
        """;

    /// <summary>The drawing as a file of its own.</summary>
    public static string File(IReadOnlyList<NetworkLayer> layers) => $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{Of(layers)}\n";

    /// <summary>The drawing as a part of a page; it brings its own style.</summary>
    public static Html Of(IReadOnlyList<NetworkLayer> layers)
    {
        string[][] lines = [.. layers.Select(LinesOf)];
        double letters = lines.SelectMany(texts => texts).Select(text => text.Length).DefaultIfEmpty().Max();
        var layout = new NetworkLayout(layers, Math.Clamp(letters * LetterWidth + 24, LeastBoxWidth, LargestBoxWidth));
        (double width, double height) = (Math.Max(layout.Width, 1), Math.Max(layout.Height, 1));
        string description = string.Join(
            "; ", layers.Select(layer => $"{layer.Name} ({layer.Kind}{(layer.Inputs.Count == 0 ? "" : $", from {string.Join(" and ", layer.Inputs)}")})"));
        return Html.Of($"""
            <svg xmlns="http://www.w3.org/2000/svg" class="network" viewBox="0 0 {width} {height}" width="{width}" height="{height}"
                style="max-width:{width}px" role="img" aria-labelledby="network-title network-description">
            <title id="network-title">The network</title><desc id="network-description">{description}</desc>
            <style>{new Html(Style)}</style>
            <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0L8 4L0 8z"/></marker></defs>
            {layout.Edges.Select(edge => Edge(edge))}
            {layout.Boxes.Select(node => Box(node, layout.BoxWidth))}
            </svg>
            """);
    }

    private static Html Edge(NetworkLayout.Node[] through)
    {
        NetworkLayout.Node source = through[0], target = through[^1];
        NetworkLayout.Node[] sources = [.. target.Above.OrderBy(node => node.X)];
        double port = (Array.IndexOf(sources, through[^2]) - (sources.Length - 1) / 2.0) * 22; // several arrows arrive side by side

        Html path = Html.Of($"M{source.X} {source.Bottom}");
        (double x, double y) = (source.X, source.Bottom);
        foreach (NetworkLayout.Node lane in through[1..^1])
        {
            Curve(lane.X, lane.Top);
            path = Html.Of($"{path}V{lane.Bottom}");
            y = lane.Bottom;
        }

        Curve(target.X + port, target.Top - 1);
        return Html.Of($"<path class=\"edge\" d=\"{path}\" marker-end=\"url(#arrow)\"/>\n");

        void Curve(double toX, double toY)
        {
            double middle = (y + toY) / 2;
            path = Html.Of($"{path}C{x} {middle} {toX} {middle} {toX} {toY}");
            (x, y) = (toX, toY);
        }
    }

    private static Html Box(NetworkLayout.Node node, double width)
    {
        NetworkLayer layer = node.Layer!;
        string look = layer.Parameters == 0 ? "plain" : layer.Kind.Contains("embedding", StringComparison.OrdinalIgnoreCase) ? "embedding" : "dense";
        string[] lines = LinesOf(layer);
        int fits = (int)((width - 16) / LetterWidth);
        return Html.Of($"""
            <g><title>{string.Join(" · ", lines)}</title>
            <rect class="{look}" x="{node.X - width / 2}" y="{node.Top}" width="{width}" height="{NetworkLayout.BoxHeight}" rx="7"/>
            <text class="name" x="{node.X}" y="{node.Top + 20}">{Cut(lines[0], fits)}</text>
            <text x="{node.X}" y="{node.Top + 38}">{Cut(lines[1], fits)}</text>
            <text class="sizes" x="{node.X}" y="{node.Top + 55}">{Cut(lines[2], fits)}</text></g>

            """);
    }

    private static string[] LinesOf(NetworkLayer layer)
    {
        string shapes = layer.InputShape.Length == 0 ? layer.OutputShape : $"{layer.InputShape} → {layer.OutputShape}";
        string parameters = layer.Parameters switch
        {
            0 => "",
            1 => " · 1 parameter",
            _ => $" · {layer.Parameters.ToString("N0", CultureInfo.InvariantCulture)} parameters",
        };
        return [layer.Name, layer.Notes.Length == 0 ? layer.Kind : $"{layer.Kind}, {layer.Notes}", shapes + parameters];
    }

    private static string Cut(string text, int letters) => text.Length <= letters ? text : text[..(letters - 1)] + "…";
}
