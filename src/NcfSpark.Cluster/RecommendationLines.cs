using System.Buffers;
using System.Buffers.Text;
using System.Text;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Scoring;

namespace NcfSpark.Cluster;

/// <summary>
/// Recommendations as lines for Spark: user_id, rank, item_id, score and source, parted by tabs. Ids that are texts in
/// base 64, scores with as many digits as tell them apart from every other. Where there are named lists, four more columns
/// follow: because, which is the row's own item where there is none; list: 0 for recommendations, n for the n-th named
/// list, -1 for a row that only says that a user was scored; propensity; and in a list's first row what it scored without promotion.
/// </summary>
internal sealed class RecommendationLines(TrainedModel model, Stream output, bool withLists)
{
    /// <summary>The list of a row that is of none: each user has one, so that who is missing is noticed.</summary>
    public const int NoList = -1;

    private const int LongestNumber = 32;
    private readonly ArrayBufferWriter<byte> text = new(1 << 20);

    /// <summary>Says that users were scored.</summary>
    public void WriteUsers(int[] users) => Write(
        new RecommendationRows(users, new int[users.Length], new int[users.Length], new float[users.Length], [.. users.Select(_ => "-")]), NoList);

    /// <summary>Writes users' lists, the named ones too.</summary>
    public void Write(RecommendationRows rows)
    {
        Write(rows, 0);
        for (int list = 0; list < rows.Named.Count; list++) Write(rows.Named[list], list + 1);
    }

    private void Write(RecommendationRows rows, int list)
    {
        for (int row = 0; row < rows.Users.Length; row++)
        {
            Id(model.Users, rows.Users[row]);
            Number(rows.Ranks[row]);
            Id(model.Items, rows.Items[row]);
            Utf8Formatter.TryFormat(rows.Scores[row], text.GetSpan(LongestNumber), out int written);
            text.Advance(written);
            End('\t');
            Encoding.UTF8.GetBytes(rows.Sources[row], text);
            if (withLists)
            {
                End('\t');
                Id(model.Items, rows.Because is [] || rows.Because[row] < 0 ? rows.Items[row] : rows.Because[row]);
                Number(list);
                Utf8Formatter.TryFormat(rows.Propensities is [] ? 1 : rows.Propensities[row], text.GetSpan(LongestNumber), out written);
                text.Advance(written);
                End('\t');
                Utf8Formatter.TryFormat(rows.WithoutPromotion is [] ? 0 : rows.WithoutPromotion[row], text.GetSpan(LongestNumber), out written);
                text.Advance(written);
            }

            End('\n');
            if (text.WrittenCount < text.Capacity / 2) continue;
            output.Write(text.WrittenSpan);
            text.ResetWrittenCount();
        }

        output.Write(text.WrittenSpan);
        text.ResetWrittenCount();
    }

    private void Id(IdTable ids, int index)
    {
        if (ids.IsNumeric)
        {
            Number(ids.Numbers[index]);
            return;
        }

        Encoding.UTF8.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(ids.Texts[index])), text);
        End('\t');
    }

    private void Number(long value)
    {
        Utf8Formatter.TryFormat(value, text.GetSpan(LongestNumber), out int written);
        text.Advance(written);
        End('\t');
    }

    private void End(char separator)
    {
        text.GetSpan(1)[0] = (byte)separator;
        text.Advance(1);
    }
}
