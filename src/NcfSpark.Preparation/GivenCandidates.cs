using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// Input:TestCandidatesPath: for each held-out row the items it is ranked among, in the layout of the NCF paper's test.negative, a line
/// "(user,item)\tcandidate\tcandidate…" each. Plain or gzip.
/// </summary>
internal static class GivenCandidates
{
    private const string View = "ncf_given_candidates";
    private const int GroupRows = 1 << 18;

    /// <summary>Makes the file a view of the engine, by way of a Parquet file.</summary>
    /// <exception cref="InvalidInputException">A line has another layout.</exception>
    public static void Open(ISqlEngine engine, InputOptions input, InputFiles files, string parquet, IdTypes ids)
    {
        FileCheck.CheckWhole(files);
        using (ParquetFile file = ParquetFile.Create(parquet, ("user_id", TypeOf(ids.UserIsText)), ("test_item_id", TypeOf(ids.ItemIsText)),
            ("item_id", TypeOf(ids.ItemIsText)), ("line", typeof(long))))
        {
            foreach (Row[] rows in files.Paths.SelectMany(Lines).Chunk(GroupRows))
            {
                file.WriteGroup(
                    Ids(rows, row => row.User, ids.UserIsText), Ids(rows, row => row.Item, ids.ItemIsText), Ids(
                        rows, row => row.Candidate, ids.ItemIsText), Array.ConvertAll(rows, row => row.Line));
            }
        }

        engine.ReadParquet(View, [parquet]);

        Array Ids(Row[] rows, Func<Row, string> id, bool isText) =>
            isText ? Array.ConvertAll(rows, row => TextOf(row, id(row), input, files)) : Array.ConvertAll(rows, row => NumberOf(row, id(row), files));
    }

    /// <summary>A query of the candidates' item_id.</summary>
    public static string ItemIds => $"SELECT item_id FROM {View}";

    /// <summary>A query of (user_index, test_item_index, item_index), once the split is there.</summary>
    public static string Query => $"""
        SELECT u.user_index, t.item_index AS test_item_index, i.item_index
        FROM {View} g JOIN {SplitSql.Users} u ON g.user_id = u.user_id
            JOIN {SplitSql.Items} t ON g.test_item_id = t.item_id
            JOIN {SplitSql.Items} i ON g.item_id = i.item_id
        """;

    /// <summary>Checks that candidates and held-out rows belong together, once the split is there.</summary>
    /// <exception cref="InvalidInputException">A line's pair was not held out, or a held-out row has no line.</exception>
    public static void Check(ISqlEngine engine, string path)
    {
        const string Test = $"(SELECT r.user_index, r.item_index, u.user_id, i.item_id FROM {SplitSql.Rows} r "
            + $"JOIN {SplitSql.Users} u ON r.user_index = u.user_index JOIN {SplitSql.Items} i ON r.item_index = i.item_index WHERE r.part = 2)";
        var foreign = engine.Query($"SELECT g.line, CAST(g.user_id AS STRING), CAST(g.test_item_id AS STRING) FROM {View} g LEFT "
            + $"JOIN {Test} t ON g.user_id = t.user_id AND g.test_item_id = t.item_id WHERE t.user_index IS NULL ORDER BY g.line LIMIT 1");
        if (foreign.Count > 0)
        {
            throw new InvalidInputException($"{path}, line {foreign[0][0]}: ({ShownText.Of($"{foreign[0][1]}")},{ShownText.Of($"{foreign[0][2]}")}) is not "
                + "among the held-out rows. Input:TestPath and Input:TestCandidatesPath must be of the same split.");
        }

        var alone = engine.Query($"SELECT CAST(t.user_id AS STRING), CAST(t.item_id AS STRING) FROM {Test} t LEFT "
            + $"JOIN {View} g ON g.user_id = t.user_id AND g.test_item_id = t.item_id WHERE g.line IS NULL ORDER BY 1, 2 LIMIT 1");
        if (alone.Count > 0)
        {
            throw new InvalidInputException($"{path}: the held-out row ({ShownText.Of($"{alone[0][0]}")},{ShownText.Of($"{alone[0][1]}")}) has no candidates "
                + "there. Input:TestPath and Input:TestCandidatesPath must be of the same split.");
        }
    }

    private static IEnumerable<Row> Lines(string path)
    {
        using StreamReader reader = CsvRecords.Open(path);
        long line = 0;
        while (reader.ReadLine() is string text)
        {
            line++;
            if (text.Length == 0) continue;
            string[] fields = text.Split('\t');
            int comma = fields[0].IndexOf(',');
            if (comma < 2 || fields[0][0] != '(' || fields[0][^1] != ')' || fields.Length < 2)
            {
                throw new InvalidInputException($"{path}, line {line}: '{ShownText.Of(text, 60)}' is not of the form (user,item), tab, candidate, tab, "
                    + "candidate … Name a file of that form in Input:TestCandidatesPath, or leave it empty to have candidates drawn.");
            }

            for (int c = 1; c < fields.Length; c++) yield return new Row(fields[0][1..comma], fields[0][(comma + 1)..^1], fields[c], line);
        }
    }

    private static Type TypeOf(bool isText) => isText ? typeof(string) : typeof(long);

    private static string TextOf(Row row, string id, InputOptions input, InputFiles files) => IdText.Trim(id) is var text && !IdText.IsNothing(text, input)
        ? text
        : throw new InvalidInputException($"{files.Name}, line {row.Line}: '{ShownText.Of(text)}' says that there is no id. Give it one, or take it out.");

    private static long NumberOf(Row row, string id, InputFiles files) => WholeNumber.TryRead(IdText.Trim(id), out long number)
        ? number
        : throw new InvalidInputException($"{files.Name}, line {row.Line}: '{ShownText.Of(id)}' is no whole number (such as 7; "
            + "not 007, +7 or 7.0), while the ids in Input:Path are. Name the candidates by the same ids.");

    private sealed record Row(string User, string Item, string Candidate, long Line);
}
