using NcfSpark.Evaluation;
using NcfSpark.Reporting;

namespace NcfSpark.Nightly;

/// <summary>The page of all nights, and what a night's own report gains from them. Like the report it loads nothing from elsewhere.</summary>
public static class NightsPage
{
    public const string Name = "nights.html";

    /// <summary>nights.html of a run directory: what happened last, charts over the nights, and a table of all.</summary>
    public static string Of(NightsInput input)
    {
        NightRecord? last = input.History.Records is [.., { } latest] ? latest : null;
        string sentence = NightWords.Sentence(input.History, input.Production);
        string look = last is null ? "" : last.Outcome == NightOutcome.Production ? "better" : "worse";
        (string Id, string Title, Html Body)[] sections = [("nights", "Night by night", Charts(input.History.Nights)), ("all", "All nights", Tables(input))];
        sections = [.. sections.Where(section => section.Body.Markup.Length > 0)];
        Html header = Html.Of($"""
            <h1>Recommender nights · <bdi>{input.Title}</bdi></h1>
            <div class="verdict {look}"><strong>{sentence}.</strong><p>{last?.Reason ?? "The first run of nightly makes one."}</p></div>
            {Tiles(input)}
            """);
        var footer = new Html("Made by NcfSpark from history.jsonl beside this page, which has all of it, unrounded.");
        return HtmlPage.Of($"{input.Title}: {sentence}", header, sections, footer);
    }

    /// <summary>What a night's report gains: how the night ended, what changed in the lists since the night before, and the nights side by side.</summary>
    /// <param name="changes">What changed since; null where nothing was in production before, or this night has no predictions.</param>
    public static ReportNight ForReport(NightsInput input, string night, ListChanges? changes)
    {
        (bool? wentIn, string state) = NightWords.State(input.History, night);
        return new ReportNight(
            wentIn,
            state,
            Html.Of($"<a href=\"../{Name}\">All nights</a>"),
            [
                ("changes", $"Since {changes?.Before}", changes is null ? Html.Empty : Changes(changes)),
                ("nights", "Night by night", input.History.Nights.Count < 2 ? Html.Empty : Charts(input.History.Nights)),
            ]);
    }

    private static Html Tiles(NightsInput input)
    {
        if (input.Production is null || input.History.AsServed(input.Production) is not { } serving) return Html.Empty;
        var metric = new MetricName(serving.Figures?.Metric ?? "ndcg@10");
        MetricInterval? model = serving.Figures?.Served;
        DateTimeOffset? since = NightWords.ProductionSince(input.History, input.Production);
        IReadOnlyList<NightRecord> nights = input.History.Nights;
        string by = serving.Figures is { BaselineServes: true, Baseline.Title: var title } ? $", {title}" : "";
        (string Name, string Value, string Detail)[] tiles =
        [
            ("In production", $"{serving.Night}{by}", since is null ? "" : $"since {since.Value.UtcDateTime:yyyy-MM-dd HH:mm} UTC"),
            (metric.Title, model is null ? "" : metric.Format(model.Value), model is { Low: not null } ? $"95 %: {metric.FormatInterval(model)}" : ""),
            ("Users", serving.Data?.Users.ToString("N0") ?? "", serving.Data is null ? "" : $"{serving.Data.Items:N0} items"),
            ("Interactions", serving.Data?.Interactions.ToString("N0") ?? "", serving.Data is null ? "" : $"{serving.Data.Rows:N0} rows"),
            ("Nights", nights.Count.ToString("N0"), $"{nights.Count(night => night.Outcome == NightOutcome.Production):N0} went into production"),
        ];
        Html Tile((string Name, string Value, string Detail) tile) =>
            Html.Of($"<div><dt>{tile.Name}</dt><dd>{tile.Value}<small>{tile.Detail}</small></dd></div>\n");
        return Html.Of($"""<dl class="tiles">{tiles.Where(tile => tile.Value.Length > 0).Select(Tile)}</dl>""");
    }

    private static Html Charts(IReadOnlyList<NightRecord> nights)
    {
        (string Title, Html Chart, Html Detail)[] charts =
        [
            (
                "How good",
                NightCharts.Metric(nights),
                new Html("on each night's own held-out users; grey: the strongest baseline; hollow: did not go into production")),
            ("Interactions", NightCharts.Size(nights, "nights-interactions", "interactions", "", data => data.Interactions, Count), Html.Empty),
            ("Users", NightCharts.Size(nights, "nights-users", "users", "", data => data.Users, Count), Html.Empty),
            ("Items", NightCharts.Size(nights, "nights-items", "items", "", data => data.Items, Count), Html.Empty),
            (
                "How far popularity moved",
                NightCharts.Size(nights, "nights-drift", "divergence", "bits", data => data.PopularityDrift, value => value.ToString("0.0000")),
                new Html("since the night in production before: 0 the same, 1 no item in common")),
            ("Time", NightCharts.Times(nights), NightCharts.TimesLegend(nights)),
        ];
        charts = [.. charts.Where(chart => chart.Chart.Markup.Length > 0)];
        IEnumerable<Html> figures = charts.Select(chart => Html.Of($"""
            <figure><figcaption><strong>{chart.Title}</strong> <span class="muted">{chart.Detail}</span></figcaption>{chart.Chart}</figure>

            """));
        return charts.Length == 0 ? Html.Empty : Html.Of($"""<div class="charts">{figures}</div>""");
    }

    private static Html Tables(NightsInput input)
    {
        if (input.History.Records.Count == 0) return Html.Empty;
        string metric = input.History.Nights.LastOrDefault(night => night.Figures is not null)?.Figures!.Metric ?? "ndcg@10";
        string[] names = [new MetricName(metric).Title, "than production", "than the baseline", "Users", "Interactions", "Time"];
        IEnumerable<Html> heads = names.Select(name => Html.Of($"<th scope=\"col\" class=\"number\">{name}</th>"));
        Html Change(NightRecord change)
        {
            string when = $"{change.Ended.UtcDateTime:yyyy-MM-dd HH:mm} UTC";
            return Html.Of($"<tr><td>{when}</td><td>{change.Night} ({change.Event})</td><td>{change.Reason}</td></tr>\n");
        }

        NightRecord[] byHand = [.. input.History.Records.Where(record => record.IsByHand).Reverse()];
        return Html.Of($"""
            <div class="scroll" tabindex="0" role="region" aria-label="Nights"><table><caption>Nights, the latest first</caption>
            <thead><tr><th scope="col">Night</th><th scope="col">Outcome</th>{heads}</tr></thead>
            <tbody>{input.History.Nights.Reverse().Select(night => Row(input, night))}</tbody></table></div>
            {NightFigureTable.Data(input)}
            {(byHand.Length == 0 ? Html.Empty : Html.Of($"""
            <div class="scroll" tabindex="0" role="region" aria-label="Changed by hand"><table><caption>Changed by hand, the latest first</caption>
            <thead><tr><th scope="col">When</th><th scope="col">Into production</th><th scope="col">Why</th></tr></thead>
            <tbody>{byHand.Select(Change)}</tbody></table></div>
            """))}
            """);
    }

    private static Html Row(NightsInput input, NightRecord night)
    {
        string metric = night.Figures?.Metric ?? "ndcg@10";
        Html name = input.Reports.Contains(night.Night) ? Html.Of($"<a href=\"{night.Night}/report.html\">{night.Night}</a>") : Html.Of($"{night.Night}");
        Html Interval(string text, int bracket) =>
            bracket < 0 ? Html.Of($"{text}") : Html.Of($"{text[..bracket]}<span class=\"interval\">{text[(bracket + 1)..^1]}</span>");
        Html Cell(string text) => Html.Of($"<td class=\"number\">{Interval(text, text.IndexOf('(', StringComparison.Ordinal))}</td>");
        bool wentIn = night.Outcome == NightOutcome.Production;
        Html serves = night.Night == input.Production ? new Html(" <strong class=\"serving\">in production</strong>") : Html.Empty;
        Html reason = wentIn && night.Figures?.BaselineServes != true ? Html.Empty : Html.Of($"<span class=\"reason\">{night.Reason}</span>");
        string[] cells =
        [
            NightWords.Value(metric, night.Figures?.Served),
            NightWords.Difference(metric, night.Figures?.ServedAgainstIncumbent),
            NightWords.Difference(metric, night.Figures?.Baseline.Difference),
            night.Data?.Users.ToString("N0") ?? "",
            night.Data?.Interactions.ToString("N0") ?? "",
        ];
        Html time = NightWords.Seconds(night) is double seconds
            ? Html.Of($"<td class=\"number\" data-value=\"{seconds}\">{NightWords.Duration(seconds)}</td>")
            : Html.Of($"<td class=\"number\"></td>");
        return Html.Of($"""
            <tr><th scope="row">{name}{serves}</th><td class="{(wentIn ? "" : "worse")}">{NightWords.Outcome(night.Outcome)}{reason}</td>
            {cells.Select(Cell)}{time}</tr>

            """);
    }

    private static Html Changes(ListChanges changes)
    {
        string kept = MetricName.Percent(changes.Kept);
        return Html.Of($"""
            <p>Of what {changes.Users.ToString("N0")} users are recommended, {kept} stood in their lists of {changes.Before}, too.
            {changes.NewUsers.ToString("N0")} users are new, {changes.GoneUsers.ToString("N0")} are gone.</p>
            <div class="charts one"><figure><figcaption><strong>Users by how many items of their list stayed</strong></figcaption>
            {KeptChart(changes)}</figure></div>
            <div class="tables">{Items("Risers: in more lists than before", changes.Risers)}{Items("Fallers: in fewer", changes.Fallers)}</div>
            """);
    }

    private static Html KeptChart(ListChanges changes)
    {
        Axis y = Axis.Linear([0, .. changes.UsersByKept.Select(users => (double)users)], Chart.Height - Chart.Bottom, Chart.Top);
        double step = (Chart.Width - Chart.Left - Chart.Right) / changes.UsersByKept.Count;
        int every = (changes.UsersByKept.Count + 15) / 16;
        Html Label(int items) =>
            Html.Of($"<text x=\"{Chart.Left + (items + 0.5) * step}\" y=\"{Chart.Height - Chart.Bottom + 17}\" text-anchor=\"middle\">{items}</text>");
        IEnumerable<Html> bars = changes.UsersByKept.Select((users, items) => Html.Of($"""
            <rect class="bar" x="{Chart.Left + items * step + 2}" y="{y.At(users)}" width="{Math.Max(1, step - 4)}" height="{y.At(0) - y.At(users)}">
            <title>{items} items stayed: {users.ToString("N0")} users</title></rect>
            {(items % every > 0 ? Html.Empty : Label(items))}
            """));
        string description = $"{MetricName.Percent(changes.Kept)} of all places stayed with their users.";
        const string Title = "Users by how many items of their list stayed";
        return Chart.Frame("changes-kept", Title, description, Axis.None, y, "items that stayed", "users", Html.Join(bars));
    }

    private static Html Items(string caption, IReadOnlyList<ItemChange> items) => items.Count == 0 ? Html.Empty : Html.Of($"""
        <div class="scroll" tabindex="0" role="region" aria-label="{caption}"><table><caption>{caption}</caption>
        <thead><tr><th scope="col">Item</th><th scope="col" class="number">before</th><th scope="col" class="number">now</th></tr></thead>
        <tbody>{items.Select(Item)}</tbody></table></div>
        """);

    private static Html Item(ItemChange item) => Html.Of($"""
        <tr><th scope="row"><bdi>{ReportPage.Cut(item.Title)}</bdi></th>
        <td class="number">{MetricName.Percent(item.Before)}</td><td class="number">{MetricName.Percent(item.Now)}</td></tr>

        """);

    private static string Count(double value) => value.ToString("N0");
}

/// <summary>All that the pages of nights are made of. They are functions of it: no clock is read.</summary>
public sealed record NightsInput
{
    /// <summary>The run's name, such as "shop".</summary>
    public required string Title { get; init; }

    /// <summary>The history: nights, and changes by hand.</summary>
    public required RunHistory History { get; init; }

    /// <summary>The night in production; null where there is none yet.</summary>
    public string? Production { get; init; }

    /// <summary>Nights whose report is still there, to be linked to.</summary>
    public IReadOnlySet<string> Reports { get; init; } = new HashSet<string>();
}
