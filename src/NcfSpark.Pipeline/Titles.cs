using NcfSpark.Core;
using NcfSpark.Preparation;
using NcfSpark.Scoring;

namespace NcfSpark.Pipeline;

/// <summary>Items' titles, for people, from the file that Input:TitlesPath names.</summary>
/// <param name="ByItemId">Titles by the item's id as text; empty where no file is named.</param>
public sealed record Titles(IReadOnlyDictionary<string, string> ByItemId)
{
    private const string Setting = "Input:TitlesPath";

    /// <exception cref="InvalidInputException">The file cannot be read, lacks a column, or has a row without an id.</exception>
    public static Titles Read(InputOptions input)
    {
        var titles = new Dictionary<string, string>(StringComparer.Ordinal);
        if (input.TitlesPath.Length > 0)
        {
            string[][] columns = ListFiles.Find(input, input.TitlesPath, Setting)
                .Read(
                    new ListColumn("Input:TitlesIdColumn", input.TitlesIdColumn),
                    new ListColumn("Input:TitlesTitleColumn", input.TitlesTitleColumn, ListColumnKind.Words));
            for (int row = 0; row < columns[0].Length; row++)
            {
                if (columns[1][row].Length > 0) titles[columns[0][row]] = columns[1][row];
            }
        }

        return new Titles(titles);
    }

    /// <summary>The same for whom lists are of use without titles, too: none where the file cannot be read.</summary>
    public static Titles ReadIfThere(InputOptions input)
    {
        try
        {
            return Read(input);
        }
        catch (InvalidInputException)
        {
            return new Titles(new Dictionary<string, string>());
        }
    }

    /// <summary>What there is to say where less than half of the items have a title; null for nothing.</summary>
    public string? Remark(IdTable items) => ListMatch.RemarkOfTable(Setting, "title", ByItemId.Keys, items);
}
