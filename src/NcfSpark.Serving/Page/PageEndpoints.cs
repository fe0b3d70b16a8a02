using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Kernels;
using NcfSpark.Nightly;
using NcfSpark.Pipeline;
using NcfSpark.Reporting;

namespace NcfSpark.Serving;

/// <summary>
/// The page for people at /, and what its script asks for: users and items by search, a user with their history, their list and the reason for each item of
/// it, an item, the nights, and the list that another night wrote for a user. The page itself holds no data, so it needs no token.
/// </summary>
internal sealed class PageEndpoints(Endpoints endpoints, string runDirectory, ServeOptions options) : IDisposable
{
    /// <summary>What a browser loads before it can send a token.</summary>
    public static readonly string[] Files = ["/", "/page.css", "/page.js"];

    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'";

    private const int MostFound = 20, MostHistory = 100, Reasons = 3, Similar = 20, MostNights = 200;

    private static readonly JsonSerializerOptions json = new(JsonSerializerOptions.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    // Each reads Parquet by an engine with threads of its own, so there is one at a time, and it waits before it takes a turn of those that compute.
    private readonly SemaphoreSlim reading = new(1);

    public void Map(IEndpointRouteBuilder routes)
    {
        byte[] page = Endpoints.Resource("page.html"), script = Endpoints.Resource("page.js");
        byte[] style = [.. System.Text.Encoding.UTF8.GetBytes(HtmlPage.StyleSheet), .. Endpoints.Resource("page.css")];
        routes.MapGet(Files[0], context =>
        {
            context.Response.Headers.ContentSecurityPolicy = Policy;
            context.Response.Headers["Referrer-Policy"] = "no-referrer"; // addresses hold ids
            return Endpoints.SendAsync(context, page, "text/html; charset=utf-8");
        });
        routes.MapGet(Files[1], context => Endpoints.SendAsync(context, style, "text/css; charset=utf-8"));
        routes.MapGet(Files[2], context => Endpoints.SendAsync(context, script, "text/javascript; charset=utf-8"));
        routes.MapGet("/v1/search", context => AnswerAsync(context, model => Search(model, $"{context.Request.Query["q"]}".Trim())));
        routes.MapGet("/v1/items/{id}", context => AnswerAsync(context, model => ItemPage(model, Endpoints.IdOf(context))));
        routes.MapGet("/v1/users/{id}", context => ReadAsync(context, model => UserPage(model, Endpoints.IdOf(context))));
        routes.MapGet("/v1/nights", context => AnswerAsync(context, Nights));
        routes.MapGet("/v1/nights/{night}/users/{id}", context =>
            ReadAsync(context, model => OtherList(model, $"{context.Request.RouteValues["night"]}", Endpoints.IdOf(context))));
    }

    public void Dispose() => reading.Dispose();

    private Task AnswerAsync(HttpContext context, Func<ServedModel, object> answer) =>
        endpoints.AnswerAsync(context, (model, writer) => JsonSerializer.Serialize(writer, answer(model), json));

    private async Task ReadAsync(HttpContext context, Func<ServedModel, object> answer)
    {
        if (!await reading.WaitAsync(TimeSpan.FromSeconds(options.TimeoutSeconds), context.RequestAborted))
        {
            throw new RefusedRequestException(503, "Others look users up just now. Try again in a second.") { RetryAfterSeconds = 1 };
        }

        try
        {
            await AnswerAsync(context, answer);
        }
        finally
        {
            reading.Release();
        }
    }

    // Users whose id begins with it, and items whose id begins with it or whose title has it; those used most first.
    private static object Search(ServedModel model, string text)
    {
        IdTable users = model.Model.Users, items = model.Model.Items;
        if (text.Length == 0) return new { night = model.Night, users = Array.Empty<object>(), items = Array.Empty<object>(), of = CountsOf(model) };
        bool Begins(IdTable ids, int index) => ids.TextOf(index).StartsWith(text, StringComparison.OrdinalIgnoreCase);
        int[] Found(IdTable ids, Func<int, bool> fits) =>
        [
            .. Enumerable.Range(0, ids.Count).Where(fits).OrderBy(index => ids.TextOf(index) != text).ThenByDescending(index => ids.Interactions[index])
                .Take(MostFound),
        ];
        int[] foundUsers = Found(users, index => Begins(users, index));
        int[] foundItems = Found(items, index => Begins(items, index) || model.TitleOf(index)?.Contains(text, StringComparison.OrdinalIgnoreCase) == true);
        return new
        {
            night = model.Night,
            of = CountsOf(model),
            users = foundUsers.Select(index => new { user_id = users.TextOf(index), interactions = users.Interactions[index] }),
            items = foundItems.Select(index => ItemOf(model, index)),
        };
    }

    private static object CountsOf(ServedModel model) => new { users = model.Model.Users.Count, items = model.Model.Items.Count };

    private static object ItemPage(ServedModel model, string id)
    {
        int item = model.Model.Items.Find(id);
        if (item < 0) throw new RefusedRequestException(404, $"{model.Night} knows no item '{ShownText.Of(id)}'.");
        TopLists similar = model.SimilarTo(item, Similar);
        return new { night = model.Night, item = ItemOf(model, item), similar = ListOf(model, similar, []) };
    }

    private static object UserPage(ServedModel model, string id)
    {
        int user = UserOf(model, id);
        (TopLists best, string source) = model.Recommend(user, Math.Max(1, model.Score.TopK), list: null);
        using var lists = ProductionLists.OfNight(model.Path);
        IReadOnlyList<(string Item, long When)> used = lists.Used(id);
        int[] history = [.. used.Select(one => model.Model.Items.Find(one.Item)).Where(item => item >= 0)];
        return new
        {
            night = model.Night,
            user_id = id,
            source,
            interactions = used.Count,
            history = used.Take(MostHistory).Select(one => new
            {
                item_id = one.Item,
                title = model.Model.Items.Find(one.Item) is >= 0 and var item ? model.TitleOf(item) : null,
                day = one.When == 0 ? null : ReportPage.Day(one.When),
            }),
            recommendations = ListOf(model, best, source == Scoring.Source.Popularity ? [] : history),
        };
    }

    // A list that the night wrote, by `score`.
    private object OtherList(ServedModel model, string night, string id)
    {
        UserOf(model, id);
        string path = new RunNights(runDirectory).PathOf(night);
        if (!RunNights.IsName(night) || !HasUserRulesOrLists(path)) throw new RefusedRequestException(404, $"'{ShownText.Of(night)}' is no night with lists.");
        using var lists = ProductionLists.OfNight(path);
        IReadOnlyList<(int Rank, string Item, double Score, string Source)> rows = lists.ListOf(id);
        return new
        {
            night,
            user_id = id,
            source = rows.Count > 0 ? rows[0].Source : null,
            recommendations = rows.Select(row => new
            {
                item_id = row.Item,
                title = model.Model.Items.Find(row.Item) is >= 0 and var item ? model.TitleOf(item) : null,
                row.Rank,
                score = Finite(row.Score),
            }),
        };
    }

    private object Nights(ServedModel model)
    {
        var nights = new RunNights(runDirectory);
        NightRecord[] records = [.. RunHistory.Read(nights).Nights.TakeLast(MostNights)];
        IEnumerable<string> others = nights.Names.Except(records.Select(record => record.Night)); // made by hand
        return new
        {
            run = Path.GetFileName(Path.GetFullPath(runDirectory)),
            night = model.Night,
            nights = records.Select(record => new
            {
                record.Night,
                outcome = NightWords.Outcome(record.Outcome),
                record.Reason,
                ended = $"{record.Ended.UtcDateTime:yyyy-MM-dd HH:mm}",
                has_lists = HasUserRulesOrLists(nights.PathOf(record.Night)),
                metric = record.Figures is { } figures ? new MetricName(figures.Metric).Title : null,
                model = Of(record.Figures?.Model),
                baseline = Of(record.Figures?.Baseline.Value),
                baseline_title = record.Figures?.Baseline.Title,
                interactions = record.Data?.Interactions,
                users = record.Data?.Users,
                items = record.Data?.Items,
                seconds = record.Seconds.Values.Sum(),
            }).Concat<object>(others.Select(name => new { night = name, has_lists = HasUserRulesOrLists(nights.PathOf(name)) })),
        };
    }

    private static int UserOf(ServedModel model, string id) => model.Model.Users.Find(id) is >= 0 and var user
        ? user
        : throw new RefusedRequestException(404,
            $"{model.Night} knows no user '{ShownText.Of(id)}'; users look like '{ShownText.Of(model.Model.Users.TextOf(0))}'.");

    private static IEnumerable<object> ListOf(ServedModel model, TopLists best, int[] history)
    {
        int[] items = best.Items(0).ToArray();
        float[] scores = best.Scores(0).ToArray();
        return items.Select((item, place) => new
        {
            item_id = model.Model.Items.TextOf(item),
            title = model.TitleOf(item),
            rank = place + 1,
            score = Finite(scores[place]),
            because = model.Nearest(item, history, Reasons).Select(near => new
            {
                item_id = model.Model.Items.TextOf(near.Item),
                title = model.TitleOf(near.Item),
                cosine = Math.Round(near.Cosine, 4),
            }),
        });
    }

    private static object ItemOf(ServedModel model, int item) =>
        new { item_id = model.Model.Items.TextOf(item), title = model.TitleOf(item), interactions = model.Model.Items.Interactions[item] };

    private static double? Finite(double score) => double.IsFinite(score) ? Math.Round(score, 6) : null; // JSON has no other word for it

    private static object? Of(MetricInterval? value) => value is null ? null : new { value.Value, value.Low, value.High };

    private static bool HasUserRulesOrLists(string night) => Directory.Exists(Path.Combine(night, Stage.Predictions));
}
