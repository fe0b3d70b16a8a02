using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// From a log of interactions to indexes, train, validation and test, drawn negatives and candidates. All of it is SQL on an engine; equal input,
/// settings and seed give equal rows on every engine, whatever its number of threads. A value of one log: it is found, and hashed, once.
/// </summary>
/// <remarks>
/// Conservation, in the manifest's counts: input_rows = bad_rows + below_min_rating + other_events + duplicates_dropped + train_positives + validation + test,
/// and train = train_positives + train_negatives. Where interactions have weights (<see cref="PairWeights"/>), input_rows also has the disliked pairs and
/// the weightless_pairs, which weigh 0 or are dislikes of a user or an item that has nothing else. users_training_only have nothing held out;
/// users_without_negatives touched every item.
/// A split by time (<see cref="TimeSplit"/>) adds test_users and, of these, test_new_users, who have no training rows; and of the test rows those of such
/// users (test_of_new_users) and those of items without training rows (test_of_new_items).
/// </remarks>
public sealed class Preparer(InputOptions input, PrepareOptions prepare)
{
    private const string BadRowsFile = "bad_rows.csv";

    private ResolvedInput? found;
    private string? hash;
    private FeatureTable? features;

    private ResolvedInput Input => found ??= ResolvedInput.Find(input, prepare);

    /// <summary>Looks for the files of this machine that are named, and no more.</summary>
    /// <exception cref="InvalidInputException">One is not there, or empty; or the table of items' features has not what it should.</exception>
    public void CheckInputIsThere()
    {
        _ = Input;
        features ??= FeatureTable.Read(input);
    }

    /// <summary>A hash of what the log holds, of which each file is read once.</summary>
    /// <param name="engine">Asked only for input that is not on this machine (hdfs:, table:).</param>
    /// <exception cref="InvalidInputException">An input file is not there, or empty.</exception>
    public string InputHash(Func<ISqlEngine> engine) => hash ??= Input.Fingerprint(engine);

    /// <summary>
    /// What will become prepared/ in a run directory of this machine; or, where that has a scheme (hdfs:, s3a:, file:),
    /// a new version that Spark writes there (see <see cref="SparkStageWriter"/>).
    /// </summary>
    public static IStageWriter Begin(ISqlEngine engine, string runDirectory, string stage, TimeProvider time) =>
        InputPlace.HasScheme(runDirectory) ? SparkStageWriter.Begin(engine, runDirectory, stage, time) : StageWriter.Begin(runDirectory, stage);

    /// <summary>Prepares the log.</summary>
    /// <param name="begin">Gives what is written to; asked when the log is found to be good.</param>
    /// <exception cref="InvalidInputException">The input or a setting is at fault.</exception>
    /// <exception cref="SqlEngineException">The engine failed.</exception>
    public StageCounts Write(ISqlEngine engine, Func<IStageWriter> begin, IProgressReporter progress)
    {
        using IProgressTask steps = progress.Start("prepare", 5, "steps");
        steps.Detail("read");
        InputHash(() => engine);
        ResolvedInput resolved = Input;
        CheckInputIsThere();
        using var scratch = new ScratchFolder();
        InputSource[] sources = OpenSources(engine, resolved, scratch);
        steps.Advance(1);

        steps.Detail("check");
        InteractionLog log = InputSource.Readable(sources[0].Files, () => InteractionLog.Read(engine, input, sources, progress));
        resolved.CheckUnchanged();
        TimeSplit? time = TimeSplit.Of(engine, prepare, log, sources[0].Files.Name);
        PairWeights? weights = input.IsWeighted ? PairWeights.Of(engine, input, prepare, log, time, sources[0].Files.Name) : null;
        steps.Advance(1);

        IStageWriter writer = begin();
        steps.Detail("split");
        bool givenCandidates = resolved.Candidates is not null;
        string candidatesParquet = writer.File("given_candidates.parquet");
        string featureItems = writer.File("feature_items.parquet");
        RefuseElsewhere(writer, givenCandidates, "Input:TestCandidatesPath");
        RefuseElsewhere(writer, features is not null, "Input:ItemFeatures:Path");
        var furtherItems = new List<string>(); // queries of items that the log need not have
        if (givenCandidates)
        {
            GivenCandidates.Open(engine, input, resolved.Candidates!, candidatesParquet, log.Ids);
            furtherItems.Add(GivenCandidates.ItemIds);
        }

        if (features is not null)
        {
            features.Open(engine, featureItems, log.Ids.ItemIsText);
            furtherItems.Add(FeatureTable.ItemIds);
        }

        resolved.CheckUnchanged();
        HistoryLists? lists = SplitSql.Run(engine, prepare, log, time, weights, furtherItems);
        if (givenCandidates) GivenCandidates.Check(engine, input.TestCandidatesPath);
        (SortedDictionary<string, long> rows, long negativeItems) = Count(engine, log, time);
        RefuseWhatCannotBeLearnt(sources[0].Files.Name, rows, time);
        string? disliked = weights?.Dislikes(rows);
        time?.Check(sources[0].Files.Name, prepare, log, rows);
        if (time is not null || prepare.Split == SplitRule.Auto)
        {
            log.Notes["split"] = time?.Sentence(log, rows) ?? TimeSplit.WhyLatest(prepare, log);
            progress.Line(log.Notes["split"]);
        }

        steps.Advance(1);

        var parts = new PreparedParts(engine, prepare, rows["items"], lists, weights is not null) { NegativeItems = negativeItems };
        steps.Detail("negatives");
        parts.WriteTrain(writer.ForEngine("train"));
        if (givenCandidates) parts.Write(GivenCandidates.Query, writer.ForEngine("test_candidates"));
        else if (prepare.TestCandidates > 0) parts.WriteCandidates(writer.ForEngine("test_candidates"));
        steps.Advance(1);

        steps.Detail("write");
        parts.WriteTables(writer);
        if (disliked is not null) parts.Write($"{disliked} ORDER BY 1, 2", writer.ForEngine(PreparedData.Disliked));
        writer.Collect();
        features?.Write(engine, writer, rows);
        if (log.Bad.Count > 0) WriteBadRows(writer, log.Bad);
        if (givenCandidates) File.Delete(candidatesParquet);
        if (features is not null) File.Delete(featureItems);
        parts.CheckWritten(writer, rows);
        steps.Advance(1);
        if (rows["users_without_negatives"] > 0) progress.Line($"{rows["users_without_negatives"]:N0} users touched every item: they get no negatives.");
        return new StageCounts(rows) { Notes = log.Notes };
    }

    private static void RefuseElsewhere(IStageWriter writer, bool isRead, string setting)
    {
        if (!isRead || !writer.IsElsewhere) return;
        throw new InvalidInputException(
            $"{setting} is read on this machine, and Spark's executors are on others: leave out --master or --remote for `prepare`.");
    }

    private InputSource[] OpenSources(ISqlEngine engine, ResolvedInput resolved, ScratchFolder scratch)
    {
        InputSource log = InputSource.Open(engine, input, resolved.Log, "ncf_input", scratch);
        if (prepare.Split != SplitRule.Given) return [log];
        if (resolved.Test is null)
        {
            throw new InvalidInputException(
                "Prepare:Split is \"given\", and Input:TestPath is not set. Name the held-out rows there, or set Prepare:Split to \"latest\" or \"time\".");
        }

        return [log, InputSource.Open(engine, input, resolved.Test, "ncf_test_input", scratch)];
    }

    // The counts, and from how many items, the first by index, stored negatives are drawn.
    private (SortedDictionary<string, long> Rows, long NegativeItems) Count(ISqlEngine engine, InteractionLog log, TimeSplit? time)
    {
        // One statement, since on Spark each has its price. Every user has a row at least.
        bool avoidsTrained = prepare.NegativesAvoid == AvoidedItems.Trained;
        string avoided = avoidsTrained ? "trained" : "touched";
        // Nothing that training has may depend on what came after it, so not on items that came later either.
        bool hasCold = features is not null || prepare.Hides;
        string drawn = (time is not null || hasCold) && avoidsTrained ? "known" : "items";
        string later = time is null ? "0, 0, 0, 0, max(known)" : $"""
            count(CASE WHEN tested > 0 THEN 1 END), count(CASE WHEN tested > 0 AND trained = 0 THEN 1 END),
            CAST(coalesce(sum(CASE WHEN trained = 0 THEN tested END), 0) AS BIGINT),
            (SELECT count(*) FROM {SplitSql.Rows} r JOIN {SplitSql.Items} i ON r.item_index = i.item_index WHERE part = 2 AND interactions = 0), max(known)
            """;
        long[] counts = [.. engine.Query($"""
            SELECT max(items), count(*), CAST(sum(trained) AS BIGINT), CAST(sum(validated) AS BIGINT), CAST(sum(tested) AS BIGINT),
                count(CASE WHEN {avoided} = {drawn} AND trained > 0 THEN 1 END),
                CAST(coalesce(sum(CASE WHEN {avoided} = {drawn} THEN trained END), 0) AS BIGINT),
                count(CASE WHEN validated + tested = 0 THEN 1 END), max({drawn}), {later}, count(CASE WHEN trained = 0 THEN 1 END)
            FROM {SplitSql.UserCounts}
                CROSS JOIN (SELECT count(*) AS items, count(CASE WHEN interactions > 0 THEN 1 END) AS known FROM {SplitSql.Items})
            """)[0].Select(count => (long)count!)];
        (long items, long users, long positives, long validated, long tested, long fullUsers, long fullUsersPositives, long trainingOnly) =
            (counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], counts[6], counts[7]);
        long negatives = (positives - fullUsersPositives) * prepare.NegativesPerPositive;
        var rows = new SortedDictionary<string, long>
        {
            ["users"] = users,
            ["items"] = items,
            ["train"] = positives + negatives,
            ["train_positives"] = positives,
            ["train_negatives"] = negatives,
            ["validation"] = validated,
            ["test"] = tested,
            ["input_rows"] = log.Rows,
            ["bad_rows"] = log.BadRows,
            ["below_min_rating"] = log.BelowMinRating,
            ["other_events"] = log.OtherEvents,
            ["duplicates_dropped"] = log.Rows - log.BadRows - log.BelowMinRating - log.OtherEvents - positives - validated - tested,
            ["users_without_negatives"] = prepare.NegativesPerPositive > 0 ? fullUsers : 0,
            ["users_training_only"] = trainingOnly,
        };
        if (hasCold) rows[PreparedData.ColdItems] = items - counts[13];
        if (prepare.ColdUsers > 0) rows[PreparedData.ColdUsers] = counts[14];
        if (time is not null)
        {
            (rows[PreparedData.TestUsers], rows["test_new_users"]) = (counts[9], counts[10]);
            (rows["test_of_new_users"], rows["test_of_new_items"]) = (counts[11], counts[12]);
        }

        return (rows, counts[8]);
    }

    private void RefuseWhatCannotBeLearnt(string name, SortedDictionary<string, long> rows, TimeSplit? time)
    {
        if (rows["items"] == 1)
        {
            throw new InvalidInputException(
                $"{name}: there is one item in all ({input.ItemColumn}), so there is nothing to choose from. Check Input:ItemColumn.");
        }

        if (time is null && prepare.Split != SplitRule.Given && prepare.Holdout > 0 && rows["test"] == 0)
        {
            string why = prepare.MinInteractions > 2
                ? $"no user has {prepare.MinInteractions} interactions or more (Prepare:MinInteractions)"
                : "every user has one interaction";
            throw new InvalidInputException($"{name}: {why}, so nothing can be held out to test. Check Input:UserColumn ({input.UserColumn}), "
                + "or set Prepare:Holdout to 0 to train on everything.");
        }

        if (rows["train_positives"] == 0 && prepare.Split == SplitRule.Given)
        {
            throw new InvalidInputException($"{name}: no row is left to train on; all were given as held out. Check Input:Path and Input:TestPath.");
        }
    }

    private static void WriteBadRows(IStageWriter writer, IReadOnlyList<BadRow> rows)
    {
        static string Quoted(string field) => $"\"{field.Replace("\"", "\"\"")}\"";
        IEnumerable<string> lines = rows.Select(row => $"{Quoted(row.File)},{row.Line},{Quoted(row.Reason)},{Quoted(row.Text)}")
            .Prepend("file,line,reason,text");
        if (writer is SparkStageWriter elsewhere) elsewhere.WriteText(BadRowsFile, string.Join('\n', lines));
        else File.WriteAllLines(writer.File(BadRowsFile), lines);
    }
}
