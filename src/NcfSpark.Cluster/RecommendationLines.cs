using System.Buffers;
using System.Buffers.Text;
using System.Text;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Scoring;

namespace NcfSpark.Cluster;

/// <summary>
/// Recommendations as lines for Spark: user_id, rank, item_id, score and source, parted by tabs. Ids that are texts in
/// base 64, scores with as many digits as tell them apart from every other.
/// </summary>
internal sealed class RecommendationLines(TrainedModel model, Stream output)
{
    private const int LongestNumber = 32;
    private readonly ArrayBufferWriter<byte> text = new(1 << 20);

    public void Write(RecommendationRows rows)
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
