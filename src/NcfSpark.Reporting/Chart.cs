namespace NcfSpark.Reporting;

/// <summary>
/// What charts share: a frame with axes, marks and titles. Charts are 460 pixels wide in their own measure, so that their text is readable
/// on a phone's whole width and beside another chart on a screen.
/// </summary>
public static class Chart
{
    public const double Width = 460, Height = 280, Left = 70, Right = 16, Top = 14, Bottom = 44;

    /// <param name="id">Unique on the page.</param>
    /// <param name="xTitle">Its name and unit.</param>
    /// <param name="yTitle">Its name and unit.</param>
    public static Html Frame(string id, string title, string description, Axis x, Axis y, string xTitle, string yTitle, Html marks) => Html.Of($"""
        <svg class="chart" viewBox="0 0 {Width} {Height}" role="img" aria-labelledby="{id}-title {id}-description">
        <title id="{id}-title">{title}</title><desc id="{id}-description">{description}</desc>
        {y.Ticks.Select(tick => HorizontalMark(tick, y))}{x.Ticks.Select(tick => VerticalMark(tick, x))}
        <line class="axis" x1="{Left}" x2="{Width - Right}" y1="{Height - Bottom}" y2="{Height - Bottom}"/>
        <text class="axis-title" x="{(Left + Width - Right) / 2}" y="{Height - 8}" text-anchor="middle">{xTitle}</text>
        <text class="axis-title" transform="translate(12 {(Top + Height - Bottom) / 2}) rotate(-90)" text-anchor="middle">{yTitle}</text>
        {marks}
        </svg>
        """);

    public static Html Line(string look, IEnumerable<(double X, double Y)> points) =>
        Html.Of($"<polyline class=\"{look}\" points=\"{points.Select(point => Html.Of($"{point.X},{point.Y} "))}\"/>");

    private static Html HorizontalMark(double tick, Axis y) => Html.Of(
        $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y.At(tick)}\" y2=\"{y.At(tick)}\"/><text x=\"{Left - 7}\" y=\"{y.At(tick) + 4}\" "
        + $"text-anchor=\"end\">{y.Label(tick)}</text>");

    private static Html VerticalMark(double tick, Axis x) => Html.Of(
        $"<line class=\"axis\" x1=\"{x.At(tick)}\" x2=\"{x.At(tick)}\" y1=\"{Height - Bottom}\" y2=\"{Height - Bottom + 4}\"/><text x=\"{x.At(tick)}\" "
        + $"y=\"{Height - Bottom + 17}\" text-anchor=\"middle\">{x.Label(tick)}</text>");
}
