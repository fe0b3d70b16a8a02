using System.Text.Json;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Pipeline;
using NcfSpark.Preparation;
using NcfSpark.Scoring;

namespace NcfSpark.Serving;

/// <summary>
/// All that answers need of one night: the model, what users have seen, and the rules of section Score that the night's lists were made by. Nothing of it
/// changes. Each request holds it until its answer is complete, so no answer mixes two nights; whoever lets go last frees it.
/// Memory: the weights, the items three more times (for lists, for pairs, for similar items), and 4 bytes for each interaction.
/// </summary>
internal sealed class ServedModel
{
    private readonly TouchedRange[] touched;
    private readonly ISessionScorer pairs; // of all items: that of the lists, if all may be recommended
    private readonly ItemEmbeddings similar;
    private readonly int similarCount;
    private readonly SortedDictionary<string, ItemList> lists = new(StringComparer.Ordinal);
    private readonly ItemList all;
    private readonly string?[] titles; // by item index
    private readonly long endOfLog; // the time of the latest interaction that a user's latest items have; 0 if the model does not look at times
    private int holders = 1;

    private ServedModel(string night, string path, TrainedModel model, Titles titles, ScoreOptions score, TouchedRange[] touched, RecommendableItems items,
        IEnumerable<(string Name, RecommendableItems Items)> named)
    {
        (Night, Path, Model, Score, this.touched) = (night, path, model, score, touched);
        this.titles = [.. Enumerable.Range(0, model.Items.Count).Select(item => titles.ByItemId.GetValueOrDefault(model.Items.TextOf(item)))];
        endOfLog = model.Weights.Pools is { Times_UK: { Length: > 0 } times } ? times.Max() : 0;
        all = ListOf(items);
        pairs = items.Items.Length == model.Items.Count ? all.Scorer : Scorers.Of(model.Weights);
        foreach ((string name, RecommendableItems ofList) in named)
        {
            if (score.Lists.Any(list => list.Name == name))
            {
                throw new InvalidInputException($"Serve:ListsPath has a list {name}, and so has Score:Lists: give one of them another name.");
            }

            lists.Add(name, ListOf(ofList));
        }

        int[] among = Array.FindAll(items.Items, item => model.Items.Interactions[item] > 0);
        (similar, similarCount) = (new ItemEmbeddings(model.Weights, among, SimdLevels.FromEnvironment()), among.Length);
        WarmUp();
    }

    /// <summary>The night's name, such as "2026-11-24"; "by hand" where the run directory has no nights.</summary>
    public string Night { get; }

    /// <summary>The directory of its stages.</summary>
    public string Path { get; }

    /// <summary>The night as TensorFlow Serving numbers versions: 20261124000001 is the first night of that date. 1 where there are no nights.</summary>
    public long Version => RunNights.IsName(Night)
        ? long.Parse($"{RunNights.DateOf(Night):yyyyMMdd}") * 1_000_000 + RunNights.NumberOf(Night)
        : 1;

    public TrainedModel Model { get; }

    /// <summary>The rules that the night's lists were made by.</summary>
    public ScoreOptions Score { get; }

    /// <summary>Names of the lists that a request may choose: Serve:ListsPath's, and Score:Lists.</summary>
    public IEnumerable<string> Lists => [.. lists.Keys, .. Score.Lists.Select(list => list.Name)];

    /// <summary>How many items a list holds where a request does not say.</summary>
    public int UsualK(string? list) => Array.Find(Score.Lists, one => one.Name == list)?.TopK ?? Score.TopK;

    /// <summary>Reads a night, and checks every file of it that is used.</summary>
    /// <param name="night">Its name; null: the stages in the run directory itself.</param>
    /// <param name="settings">Section Serve; section Score counts only where there are no predictions, which hold the settings they were made by.</param>
    /// <param name="remark">Receives lines for whoever runs the server.</param>
    /// <exception cref="InvalidInputException">Something is missing, changed, or not made from what stands beside it.</exception>
    public static ServedModel Open(string runDirectory, string? night, NcfSparkConfiguration settings, Action<string> remark)
    {
        string path = night is null ? runDirectory : new RunNights(runDirectory).PathOf(night);
        StageDirectory prepared = StageDirectory.Open(path, PreparedData.StageName, IsRead);
        StageDirectory? predictions = Directory.Exists(System.IO.Path.Combine(path, Stage.Predictions))
            ? StageDirectory.Open(path, Stage.Predictions, isRead: _ => false)
            : null;
        TrainedModel model = TrainedModel.Read(ModelOf(path, prepared, predictions));
        if (!model.Weights.IsFinite) throw new InvalidInputException($"{path}: the model has weights that are no numbers. Train it again.");
        ScoreOptions score = predictions is null ? settings.Score : Section<ScoreOptions>(predictions, "Score");
        var data = new PreparedData(prepared);
        var reader = new TouchedReader(
            data, data.ReadUsers(), model.Weights.Pools, latest: score.Lists.Any(list => list.By == ListKind.Because), score.ThreadCount);
        InputOptions input = Section<InputOptions>(prepared, "Input");
        var files = new ScoreFiles(new NcfSparkConfiguration
        {
            Input = input,
            Score = score with { UsersPath = "", PairsPath = "", UsersOfItemsPath = "" }, // which say what is written, not what may be recommended
        });
        foreach (Artifact file in files.Artifacts)
        {
            if (predictions?.Manifest.MadeFrom.GetValueOrDefault(file.Name) is { } then && then != file.Hash)
            {
                remark($"{file.Name} of {path} has changed since its predictions were made: requests are answered by what it holds now.");
            }
        }

        RecommendableItems items = RecommendableItems.Of(
            model.Items, files.Read().Lists, score, () => reader.ItemTimes(model.Items.Count, first: score.ItemDate == ItemDate.First), [])
            .WithLists(files.Read().Lists, score, model.Items, model.Users, null, halfLife => reader.Trend(model.Items.Count, halfLife));
        return new ServedModel(night ?? "by hand", path, model, Titles.ReadIfThere(input), score, [.. reader.Ranges()], items,
            NamedLists(settings.Serve, input, score, model, items));
    }

    /// <summary>Holds it for a request. False: it is freed already, so another has taken its place.</summary>
    public bool TryHold()
    {
        for (int now = Volatile.Read(ref holders); now > 0; now = Volatile.Read(ref holders))
        {
            if (Interlocked.CompareExchange(ref holders, now + 1, now) == now) return true;
        }

        return false;
    }

    /// <summary>Lets go of it; the last one frees it.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref holders) > 0) return;
        foreach (ItemList list in lists.Values.Append(all))
        {
            list.Recommender.Dispose();
            list.Scorer.Dispose();
        }

        if (pairs != all.Scorer) pairs.Dispose();
        similar.Dispose();
    }

    /// <summary>Scores pairs as `score` does.</summary>
    /// <param name="users">Indexes; below 0 is an unknown user.</param>
    /// <param name="items">Indexes; below 0 is an unknown item.</param>
    /// <returns>Scores, and what each rests on.</returns>
    public (float[] Scores, string[] Sources) ScorePairs(List<int> users, List<int> items)
    {
        float[] scores = new float[users.Count];
        string[] sources = new string[users.Count];
        var byModel = new List<int>(users.Count);
        for (int pair = 0; pair < scores.Length; pair++)
        {
            (sources[pair], scores[pair]) = Source.OfPair(Model, users[pair], items[pair]);
            if (sources[pair] != Source.Popularity) byModel.Add(pair);
        }

        byModel.Sort((a, b) => users[a] != users[b] ? users[a].CompareTo(users[b]) : a.CompareTo(b)); // a user's vector is computed once
        float[] modelScores = new float[byModel.Count];
        pairs.ScorePairs([.. byModel.Select(pair => users[pair])], [.. byModel.Select(pair => items[pair])], modelScores);
        for (int p = 0; p < modelScores.Length; p++) scores[byModel[p]] = modelScores[p];
        return (scores, sources);
    }

    /// <summary>A user's list, as `score` writes it.</summary>
    /// <param name="user">Index; below 0 is an unknown user.</param>
    /// <param name="list">One of <see cref="Lists"/>; null: all that may be recommended.</param>
    public (TopLists Best, string Source) Recommend(int user, int k, string? list)
    {
        if (Array.FindIndex(Score.Lists, one => one.Name == list) is >= 0 and int number) return OfScore(user, k, number);
        ItemList of = Named(list);
        TopLists best = of.Recommender.NewList(k);
        return (best, of.Recommender.Recommend(user, SeenBy(user), best));
    }

    /// <summary>The list of a session in progress: of somebody new, or of a user who has done more since the night.</summary>
    /// <param name="user">Index; below 0 is an unknown user.</param>
    /// <param name="items">Indexes of what was used in the session, the latest last, each once.</param>
    public (TopLists Best, string Source) Recommend(int user, List<int> items, int k, string? list)
    {
        if (items.Count == 0) return Recommend(user, k, list);
        if (Score.Lists.Any(one => one.Name == list))
        {
            throw RefusedRequestException.Bad($"The list {list} is one of Score:Lists, which go by what stood in the log: leave out the items of the session.");
        }

        ItemList of = Named(list);
        TopLists best = of.Recommender.NewList(k);
        int[] own = user < 0 ? [] : SeenBy(user)(user).ToArray(), seen = [.. own.Union(items).Order()];
        bool trained = user >= 0 && Model.Users.Interactions[user] > 0;
        if (Model.Weights.Pools is not { } pools)
        {
            // The model does not look at what was used last.
            return (best, of.Recommender.Recommend(user, _ => seen, best));
        }

        int[] before = user < 0 ? [] : pools[user].ToArray(), kept = [.. Enumerable.Range(0, before.Length).Where(k => !items.Contains(before[k]))];
        int[] pool = [.. Enumerable.Reverse(items).Concat(kept.Select(k => before[k])).Take(pools.Length)];
        // A request does not say when: its items count as used when the night's log ended.
        long[] times = pools.Times_UK.Length == 0 ? []
            : [.. Enumerable.Repeat(endOfLog, items.Count).Concat(kept.Select(k => pools.TimesOf(user)[k])).Take(pools.Length)];
        of.Scorer.FindBest(new UserSession(user, pool, times, TemporalFeatures: 0), Score.ExcludeSeen ? seen : [], best);
        return (best, Model.Weights.Baseline is not null ? Source.Baseline : trained ? Source.Model : Source.History);
    }

    // One of Score:Lists, as `score` writes it. It may be longer; those before it are as long as they are written, since it leaves them out.
    private (TopLists Best, string Source) OfScore(int user, int k, int number)
    {
        ListOptions[] longer = [.. Score.Lists];
        longer[number] = longer[number] with { TopK = Math.Max(k, UsualK(longer[number].Name)) };
        RecommendationRows rows = all.Recommender.RecommendAlone(user, PastOf(user), longer).Named[number];
        var best = new TopLists(1, k);
        int count = Math.Min(k, rows.Items.Length);
        best.Set(0, rows.Items.AsSpan(0, count), rows.Scores.AsSpan(0, count));
        return (best, rows.Sources is [var source, ..] ? source : Source.Of(Model, user));
    }

    /// <summary>The items most similar to one; none where it was not trained on.</summary>
    public TopLists SimilarTo(int item, int k)
    {
        var best = new TopLists(1, Math.Clamp(k, 1, Math.Max(1, similarCount)));
        if (Model.Items.Interactions[item] > 0) similar.FindBest(new[] { item }, best, threads: 1);
        return best;
    }

    /// <summary>The items among some that are nearest to one, by the model's own vectors, the nearest first; none that points away from it.</summary>
    public IEnumerable<(int Item, float Cosine)> Nearest(int item, int[] among, int most) =>
        among.Select(other => (Item: other, Cosine: similar.Cosine(item, other))).Where(near => near.Cosine > 0)
            .OrderByDescending(near => near.Cosine).Take(most);

    /// <summary>The title of an item, by index; null where it has none.</summary>
    public string? TitleOf(int item) => titles[item];

    private UserPast PastOf(int user) => user < 0 ? new(_ => []) : Array.Find(touched, range => user < range.First + range.Count)!.Past;

    private ExcludedItems SeenBy(int user) => user < 0 ? _ => [] : Array.Find(touched, range => user < range.First + range.Count)!.Seen;

    private ItemList Named(string? list) => list is null ? all
        : lists.TryGetValue(list, out ItemList? named) ? named
        : throw (!Lists.Any()
            ? RefusedRequestException.Bad("There are no lists to choose: Serve:ListsPath names no directory of them. Leave list out.")
            : RefusedRequestException.Unknown("list", list, [.. Lists]));

    private ItemList ListOf(RecommendableItems items)
    {
        ISessionScorer scorer = Scorers.Of(Model.Weights, items.Items);
        return new ItemList(scorer, new Recommender(Model, scorer, items, Score));
    }

    // What is made on first use is made now.
    private void WarmUp()
    {
        ScorePairs([0], [0]);
        Recommend(0, 1, null);
        SimilarTo(0, 1);
    }

    private static bool IsRead(string file) => file.Split('/')[0] is "users" or "train" or "validation" or "test" or PreparedData.Disliked;

    // As for the predictions beside it; without any, the measured model.
    private static StageDirectory ModelOf(string path, StageDirectory prepared, StageDirectory? predictions)
    {
        if (predictions?.Manifest.MadeFrom.GetValueOrDefault(TrainedModel.StageName) is not { } by)
        {
            return StageDirectory.Open(path, TrainedModel.StageName, prepared);
        }

        foreach (string stage in Stage.OfServedModel)
        {
            if (!Directory.Exists(System.IO.Path.Combine(path, stage))) continue;
            if (StageDirectory.Open(path, stage, isRead: _ => false).Manifest.Fingerprint == by) return StageDirectory.Open(path, stage, prepared);
        }

        throw new InvalidInputException($"{predictions.Path} was made by a model that is not in {path}. "
            + $"`score` with --run {Advice.Quoted(path)} makes it again, or `nightly`.");
    }

    private static T Section<T>(StageDirectory stage, string name) => stage.Manifest.Configuration[name].Deserialize<T>()!;

    private static IEnumerable<(string Name, RecommendableItems Items)> NamedLists(
        ServeOptions serve, InputOptions input, ScoreOptions score, TrainedModel model, RecommendableItems items)
    {
        const string Setting = "Serve:ListsPath";
        if (serve.ListsPath.Length == 0) yield break;
        if (!Directory.Exists(serve.ListsPath)) throw new InvalidInputException($"{serve.ListsPath} is no directory ({Setting}).");
        var there = new HashSet<string>(StringComparer.Ordinal);
        foreach (string file in Directory.GetFiles(serve.ListsPath).Order(StringComparer.Ordinal))
        {
            string name = System.IO.Path.GetFileName(file).Split('.')[0];
            if (name.Length == 0) continue; // .gitignore and the like
            if (!there.Add(name)) throw new InvalidInputException($"{serve.ListsPath} has two files of the list {name} ({Setting}): keep one of them.");
            string[] ids = ListFiles.Find(input, file, Setting).Read(new ListColumn("Score:ItemsColumn", score.ItemsColumn))[0];
            HashSet<int> listed = [.. ids.Select(model.Items.Find)];
            yield return (name, items.Only(listed));
        }
    }

    private sealed record ItemList(ISessionScorer Scorer, Recommender Recommender);
}
