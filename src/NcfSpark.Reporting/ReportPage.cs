using System.Text.Json.Nodes;
using NcfSpark.Evaluation;

namespace NcfSpark.Reporting;

/// <summary>report.html: one page that loads nothing from elsewhere.</summary>
public static class ReportPage
{
    private const int MostShownOfARow = 160;

    /// <param name="night">What only the run history knows of a night; null outside one.</param>
    /// <param name="further">Sections before those of the report, after the night's.</param>
    public static string Of(ReportInput input, ReportNight? night = null, params (string Id, string Title, Html Body)[] further)
    {
        Verdict verdict = Verdict.Of(input.Evaluation, input.Options.CutOffs);
        (string Id, string Title, Html Body)[] sections =
        [
            ("catalogue", "Against the whole catalogue", Catalogue(input)),
            ("presence", "Users who were there before, and new ones", ByPresence(input)),
            ("items", "Known and new items", ByItem(input)),
            ("history", "By length of history", ByHistory(input)),
            ("sampled", "Against sampled candidates", Sampled(input)),
            ("classification", "Telling used from unused", Classification(input)),
            ("training", "Training", Training(input.Model)),
            ("network", "The network", Network(input.Model)),
            ("data", "The data", Data(input)),
            ("examples", "A few users", Examples(input)),
            ("configuration", "Configuration", Configuration(input.Configuration)),
            ("words", "How this was measured", Words(input)),
        ];
        sections = [.. (night?.Sections ?? []).Concat(further).Concat(sections).Where(section => section.Body.Markup.Length > 0)];
        (string look, string state) = StateOf(verdict, night);
        Html header = Html.Of($"""
            <h1>Recommender report · <bdi>{input.Title}</bdi></h1>
            <div class="verdict {look}"><p class="state">{state}</p><strong>{verdict.Sentence}</strong><p>{verdict.Detail}</p>
            {GateOf(input)}{(input.Caution is null ? Html.Empty : Html.Of($"<p class=\"caution\" role=\"note\">{input.Caution}</p>"))}</div>
            {Tiles(input, verdict)}
            <nav aria-label="Sections">{night?.Link ?? Html.Empty}{HtmlPage.Links(sections)}</nav>
            """);
        Html footer = Html.Of($"Made by NcfSpark{(input.Made is DateTimeOffset made ? $" on {made.UtcDateTime:yyyy-MM-dd HH:mm} UTC" : "")}. "
            + $"All figures, unrounded, are in report/report.json beside this page.");
        return HtmlPage.Of($"{input.Title}: {verdict.Sentence}", header, sections, footer);
    }

    // A warning stands before an approval: with the gate off, a model can go into production that beats nothing.
    private static (string Look, string State) StateOf(Verdict verdict, ReportNight? night) => night switch
    {
        { WentIntoProduction: false } => ("worse", night.State),
        _ when !verdict.BeatsABaseline => ("unsure", night is null ? "No baseline beaten" : $"{night.State}, but no baseline beaten"),
        { WentIntoProduction: true } => ("better", night.State),
        _ => ("measured", night?.State ?? "Measured"),
    };

    private static Html GateOf(ReportInput input)
    {
        Html gate = input.Gate is null
            ? Html.Empty
            : Html.Of($"<p class=\"gate\"><strong>{(input.Gate.Approved ? "Approved" : "Refused")} by the gate.</strong> {input.Gate.Reason}</p>");
        Html served = input.Served is null ? Html.Empty : Html.Of($"<p class=\"served\">{input.Served}</p>");
        return Html.Of($"{gate}{served}");
    }

    private static Html Tiles(ReportInput input, Verdict verdict)
    {
        ScorerMetrics model = input.Evaluation.WholeCatalogue.Scorers[0];
        string cutOff = verdict.Metric.Split('@')[1];
        IEnumerable<Html> metrics = new[] { $"ndcg@{cutOff}", $"hr@{cutOff}", $"coverage@{cutOff}" }
            .Select(key => Tile(new MetricName(key), model.Metrics[key]!));
        return Html.Of($"""
            <dl class="tiles">
            {metrics}<div><dt>Parameters</dt><dd>{Short(input.Model.Parameters)}<small>{input.Model.Parameters.ToString("N0")}</small></dd></div>
            <div><dt>Interactions</dt><dd>{Short(input.Data.Interactions)}
            <small>{input.Data.Users.ToString("N0")} users × {input.Data.Items.ToString("N0")} items</small></dd></div>
            </dl>
            """);
    }

    private static Html Tile(MetricName name, MetricInterval metric)
    {
        string note = metric.Low is null ? name.Explanation : $"95 %: {name.FormatInterval(metric)}";
        return Html.Of($"<div><dt>{name.Title}</dt><dd>{name.Format(metric.Value)}<small>{note}</small></dd></div>\n");
    }

    private static Html Catalogue(ReportInput input)
    {
        ProtocolResult protocol = input.Evaluation.WholeCatalogue;
        int cutOff = CutOffOf(input);
        IEnumerable<Html> panels = new[] { "ndcg", "hr", "recall", "precision", "mrr", "coverage" }.Select(
            stem => MetricCharts.Panel(protocol, $"{stem}@{cutOff}"));
        return Html.Of($"""
            <p>The {protocol.Rows.ToString("N0")} held-out interactions of {protocol.Users.ToString("N0")} users,
            ranked among all {input.Data.Items.ToString("N0")} items less what each user had already seen.
            This is what a recommender does in production, and what to decide by.</p>
            <div class="charts">{panels}</div>
            {MetricTables.Of(protocol, CutOffOf(input), input.Options.BootstrapSamples > 0)}
            {Told(input)}
            """);
    }

    private static Html Told(ReportInput input)
    {
        if (input.Evaluation.Told is not { } protocol) return Html.Empty;
        MetricName[] metrics = [new($"ndcg@{CutOffOf(input)}"), new($"hr@{CutOffOf(input)}")];
        return Html.Of($"""
            <p>Told the moment of each user's first tested interaction, the model reaches {Of(protocol.Scorers[0])}; not told, as above,
            {Of(protocol.Scorers[1])}. Compare the former with published models that are always told.</p>
            """);

        string Of(ScorerMetrics scorer) => string.Join(" and ", metrics.Select(metric => $"{metric.Title} {metric.Format(scorer.Metrics[metric.Key]!.Value)}"));
    }

    private static Html ByPresence(ReportInput input) => input.Evaluation.ByPresence.Count == 0 ? Html.Empty : Html.Of($"""
        <p>The same ranking, apart for users with training interactions and for those who came later. About the latter the model knows nothing:
        it gives them the popularity list.</p>
        <div class="charts">{MetricCharts.ByPresence(input.Evaluation.ByPresence, $"ndcg@{CutOffOf(input)}")}</div>
        """);

    private static Html ByItem(ReportInput input) => input.Evaluation.ByItem.Count == 0 ? Html.Empty : Html.Of($"""
        <p>The held-out interactions with known items, and those with new ones, of which training has none: a model knows these by their features alone.
        Both are ranked among the whole catalogue; the last panel ranks new items among new ones.</p>
        <div class="charts">{MetricCharts.ByItem(input.Evaluation.ByItem, $"ndcg@{CutOffOf(input)}")}</div>
        """);

    private static Html ByHistory(ReportInput input) => input.Evaluation.ByHistory.Count == 0 ? Html.Empty : Html.Of($"""
        <p>The same ranking, users grouped by how many items they had seen before the test.
        An average over all can hide that newcomers, or regulars, are served badly.</p>
        <div class="charts">{MetricCharts.ByHistory(input.Evaluation.ByHistory, $"ndcg@{CutOffOf(input)}")}</div>
        """);

    private static Html Sampled(ReportInput input)
    {
        if (input.Evaluation.Sampled is not { } protocol) return Html.Empty;
        int cutOff = CutOffOf(input);
        return Html.Of($"""
            <p>Each held-out interaction ranked among about {(protocol.Negatives / (double)protocol.Rows).ToString("0")} sampled candidates of its own,
            as the NCF paper does it: for comparison with papers. Such figures are far higher than those over the catalogue,
            and can order models otherwise.</p>
            <div class="charts">{MetricCharts.Panel(protocol, $"hr@{cutOff}")}{MetricCharts.Panel(protocol, $"ndcg@{cutOff}")}</div>
            {MetricTables.Of(protocol, CutOffOf(input), input.Options.BootstrapSamples > 0)}
            """);
    }

    private static Html Classification(ReportInput input)
    {
        if (input.Evaluation.Classification is not { } protocol) return Html.Empty;
        return Html.Of($"""
            <p>{protocol.Rows.ToString("N0")} held-out interactions against {protocol.Negatives.ToString("N0")} items that their users never touched,
            as the AWS sample measures it; a score from {input.Options.Threshold.ToString("0.###")} on
            counts as a prediction of use. Always answering “unused”
            has an accuracy of {(protocol.Negatives / (double)(protocol.Rows + protocol.Negatives)).ToString("0.0000")}.
            Only probabilities have an accuracy and a log loss; the baselines' scores are none.</p>
            {MetricTables.Of(protocol, CutOffOf(input), input.Options.BootstrapSamples > 0)}
            """);
    }

    private static Html Training(ModelReport model)
    {
        if (model.Curve.Count == 0) return Html.Empty;
        double? seconds = model.Curve.All(point => point.Seconds is not null) ? model.Curve.Sum(point => point.Seconds) : null;
        string kept = model.BestEpoch is int best
            ? $" The weights of epoch {best} were kept{(best == model.Curve[^1].Epoch ? ", the last." : ": the best on validation.")}"
            : "";
        string time = seconds is double all ? $" in {Duration(all)}, {Duration(all / model.Curve.Count)} each" : "";
        return Html.Of($"""
            <p>{model.Curve.Count} {(model.Curve.Count == 1 ? "epoch" : "epochs")}{time}.{kept}</p>
            <div class="charts">{Figure("Training loss", TrainingCharts.Loss(model))}
            {Figure($"Validation {new MetricName(model.ValidationMetric).Title}", TrainingCharts.Validation(model))}</div>
            {WorkerTable.Of(model.Workers)}
            """);
    }

    private static Html Network(ModelReport model) => model.Network.Count == 0 ? Html.Empty : Html.Of($"""
        <p>{model.Parameters.ToString("N0")} parameters: {(Share(model, isEmbedding: true))} in embeddings (blue),
        {(Share(model, isEmbedding: false))} in layers (green).
        Shapes are those of one sample.</p>
        <div class="network-frame" tabindex="0" role="region" aria-label="Drawing of the network">{NetworkDrawing.Of(model.Network)}</div>
        """);

    private static string Share(ModelReport model, bool isEmbedding)
    {
        long part = model.Network.Where(layer => layer.Kind.Contains("embedding", StringComparison.OrdinalIgnoreCase) == isEmbedding)
            .Sum(layer => layer.Parameters);
        return model.Parameters == 0 ? "0 %" : MetricName.Percent(part / (double)model.Parameters);
    }

    private static Html Data(ReportInput input)
    {
        DataFigures data = input.Data;
        string range = data is { FirstTimestamp: long first, LastTimestamp: long last } ? $"{Day(first)} to {Day(last)}" : "unknown";
        (string, string)[] figures =
        [
            ("Users", data.Users.ToString("N0")),
            ("Items", data.Items.ToString("N0")),
            ("Interactions", data.Interactions.ToString("N0")),
            ("Density", MetricName.Percent(data.Density)),
            ("Training / validation / test", $"{data.Train:N0} / {data.Validation:N0} / {data.Test:N0}"),
            ("Time", range),
            ("Interactions a user, median (middle half)", $"{DataFigures.Quantile(data.UserInteractions, 0.5):N0} "
                + $"({DataFigures.Quantile(data.UserInteractions, 0.25):N0} to {DataFigures.Quantile(data.UserInteractions, 0.75):N0})"),
            ("Training interactions an item, median (middle half)", $"{DataFigures.Quantile(data.ItemInteractions, 0.5):N0} "
                + $"({DataFigures.Quantile(data.ItemInteractions, 0.25):N0} to {DataFigures.Quantile(data.ItemInteractions, 0.75):N0})"),
            ("Share of the most popular 1 % / 10 % of items",
                $"{MetricName.Percent(data.ShareOfMostPopular(0.01))} / {MetricName.Percent(data.ShareOfMostPopular(0.1))}"),
        ];
        Html rows = Figures(data.Rows.Select(row => (row.Key, row.Value.ToString("N0"))), "");
        return Html.Of($"""
            {input.Notes.Select(note => Html.Of($"<p>{note}</p>\n"))}{Figures(figures, "")}
            <div class="charts">{Figure("How popular items are", DataCharts.Popularity(data))}{Figure("How active users are", DataCharts.PerUser(data))}</div>
            {(data.Rows.Count == 0 ? Html.Empty : Html.Of($"<details><summary>Rows, as prepared</summary>{rows}</details>"))}
            """);
    }

    private static Html Examples(ReportInput input)
    {
        if (input.Examples.Count == 0) return Html.Empty;
        return Html.Of($"""
            <p>Chosen by chance, not by how well they are served. A tick marks a recommendation that the user did use in the held-out time.</p>
            {input.Examples.Select(user => Person(user, timed: input.Data.FirstTimestamp is not null))}
            """);
    }

    private static Html Person(ExampleUser user, bool timed)
    {
        int hits = user.Recommendations.Count(item => item.IsHit);
        return Html.Of($"""
            <article class="person"><h3>User <bdi>{user.UserId}</bdi>
            <span class="muted">· {user.Interactions.ToString("N0")} known interactions
            · {hits} of {user.HeldOut} held-out items found in {user.Recommendations.Count} recommendations</span></h3>
            <div class="sides">
            <div><h4>{(timed ? "Latest history" : "History")}</h4>
            <ul>{user.History.Select(item => Html.Of($"<li><bdi>{Cut(item.Item)}</bdi><span>{(timed ? Day(item.Timestamp) : "")}</span></li>\n"))}</ul></div>
            <div><h4>Recommended, with score</h4><ol>{user.Recommendations.Select(Recommended)}</ol></div>
            </div></article>

            """);
    }

    private static Html Recommended(ExampleRecommendation item) => item.IsHit
        ? Html.Of($"<li class=\"hit\" title=\"used in the held-out time\"><bdi>{Cut(item.Item)}</bdi><span>{Score(item.Score)}</span></li>\n")
        : Html.Of($"<li><bdi>{Cut(item.Item)}</bdi><span>{Score(item.Score)}</span></li>\n");

    private static Html Configuration(JsonObject configuration) => configuration.Count == 0 ? Html.Empty : Html.Of($"""
        <div class="configuration">{configuration.Select(section => section.Value is JsonObject values
            ? Html.Of($"<h3>{section.Key}</h3>{Figures(Settings(values).Select(one => (one.Name, Text(one.Value))), "code")}")
            : Figures([(section.Key, Text(section.Value))], "code"))}</div>
        """);

    // Those of a group are shown with its name before their own, as in "Server:Address".
    private static IEnumerable<(string Name, JsonNode? Value)> Settings(JsonObject section, string group = "") =>
        section.SelectMany(one => one.Value is JsonObject inner ? Settings(inner, $"{group}{one.Key}:") : [($"{group}{one.Key}", one.Value)]);

    private static Html Words(ReportInput input)
    {
        string users = input.Options.Users == 0
            ? "All users with held-out items are evaluated"
            : $"At most {input.Options.Users:N0} users, drawn by hash, are evaluated";
        string intervals = input.Options.BootstrapSamples == 0
            ? "None were asked for."
            : $"95 %, by {input.Options.BootstrapSamples:N0} bootstrap resamples of users (percentile method), the same for all scorers, "
                + "so differences are paired. AUC is resampled to the first order. Coverage is no average and has none.";
        return Html.Of($"""
            <dl class="words">
            <dt>Whole catalogue</dt><dd>{users}. What a user had seen in training or validation is left out.
            A held-out item's rank is the number of other candidates that do not score below it, so ties and
            missing scores count against the model; a user's own held-out items are ordered among themselves by score.
            Metrics are computed by user and averaged.</dd>
            <dt>HR, NDCG, Recall, Precision, MRR at K</dt><dd>With P held-out items and h of them in the top K: HR is 1 if h &gt; 0;
            NDCG is the sum of 1/log₂(place + 1) over the hits, over the same sum for min(K, P) hits at the top;
            Recall is h/P; Precision is h/K; MRR is 1/place of the first hit, 0 without one.</dd>
            <dt>Coverage and novelty</dt><dd>Coverage is the share of items in at least one user's top K.
            Novelty is the mean of −log₂(training interactions of the item / number of users) over a user's list, in bits;
            an item without interactions counts as if it had one. Diversity, where items have features, is the mean over the pairs
            of a user's list of 1 − common features / all features of both.</dd>
            <dt>Baselines</dt><dd>Popularity ranks by training interactions; recent popularity by those in a window before the user's latest one;
            decayed popularity lets them fade.
            Item-item cosine scores an item by the sum of its cosine similarities, over who used what, with the user's items;
            with recency, the latest of these weigh more. EASE is a linear regression of items on items in closed form.
            All know the training interactions only, as the model does. {BaselinesOf(input.Evaluation.Baselines)}</dd>
            <dt>Intervals</dt><dd>{intervals}
            They say what other users could have given, not what training with another seed would.</dd>
            </dl>
            """);
    }

    private static string BaselinesOf(ChosenBaselines? baselines)
    {
        if (baselines is null) return "";
        string Of(BaselineFigures one) => $"{one.Title}{(one.Setting.Length == 0 ? "" : $" ({one.Setting})")}"
            + (one.Validation is null ? "" : $" {new MetricName("ndcg@10").Format(one.Validation.Value)}");
        string chosen = baselines.ValidationUsers == 0
            ? "Nobody has enough training interactions to choose their settings on."
            : $"Their settings, and the strongest, were chosen by NDCG@10 on training interactions held out for that, of {baselines.ValidationUsers:N0} "
                + $"users: {string.Join("; ", baselines.Figures.Select(Of))}.";
        return string.Join(' ', [chosen, .. baselines.LeftOut]);
    }

    private static int CutOffOf(ReportInput input) => Verdict.CutOffOf(input.Options.CutOffs);

    private static Html Figure(string title, Html chart) =>
        chart.Markup.Length == 0 ? Html.Empty : Html.Of($"<figure><figcaption><strong>{title}</strong></figcaption>{chart}</figure>");

    private static Html Figures(IEnumerable<(string Name, string Value)> figures, string look) => Html.Of(
        $"<dl class=\"figures\">{figures.Select(figure => Html.Of($"<div><dt>{figure.Name}</dt><dd class=\"{look}\">{figure.Value}</dd></div>\n"))}</dl>");

    private static string Text(JsonNode? value) => value switch
    {
        null => "null",
        JsonValue text when text.TryGetValue(out string? letters) => letters.Length == 0 ? "\"\"" : letters,
        _ => value.ToJsonString(),
    };

    public static string Cut(string text) => text.Length <= MostShownOfARow ? text : text[..MostShownOfARow] + "…";

    private static string Score(double score) => Math.Abs(score) >= 100 ? score.ToString("N0") : score.ToString("0.000");

    private static string Short(long count) => count switch
    {
        >= 10_000_000 => $"{count / 1e6:0.0} M",
        >= 1_000_000 => $"{count / 1e6:0.00} M",
        >= 10_000 => $"{count / 1e3:0} k",
        _ => count.ToString("N0"),
    };

    private static string Duration(double seconds) => seconds switch
    {
        >= 5400 => $"{seconds / 3600:0.0} hours",
        >= 90 => $"{seconds / 60:0.0} minutes",
        >= 10 => $"{seconds:0} s",
        _ => $"{seconds:0.0} s",
    };

    // Seconds beyond the calendar of DateTime stay seconds.
    public static string Day(long seconds) =>
        seconds is >= -62135596800 and <= 253402300799 ? $"{DateTimeOffset.FromUnixTimeSeconds(seconds):yyyy-MM-dd}" : seconds.ToString();
}
