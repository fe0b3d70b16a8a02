using NcfSpark.Evaluation;

namespace NcfSpark.Reporting;

/// <summary>How a metric is shown to people. Its name in report.json, such as "ndcg@10", is the key.</summary>
public readonly record struct MetricName(string Key)
{
    private string Stem => Key.Split('@')[0];

    public string Title => Stem switch
    {
        "hr" or "ndcg" or "mrr" => Key.ToUpperInvariant(),
        "auc" => "AUC",
        "log_loss" => "Log loss",
        "popular_lists" => Key.Replace("popular_lists", "Popular lists", StringComparison.Ordinal),
        _ => char.ToUpperInvariant(Key[0]) + Key[1..],
    };

    /// <summary>Whether a higher value is better; null where neither is: coverage, Gini, novelty, diversity and popular lists only describe.</summary>
    public bool? HigherIsBetter => Stem switch
    {
        "log_loss" => false,
        "coverage" or "novelty" or "diversity" or "gini" or "popular_lists" => null,
        _ => true,
    };

    public string Explanation => Stem switch
    {
        "hr" => "how often there is a hit in the list",
        "ndcg" => "hits weighted by place, 1 is the ideal list",
        "recall" => "share of the held-out items that is in the list",
        "precision" => "share of the list that is held out",
        "mrr" => "1 / place of the first hit",
        "coverage" => "share of the catalogue in anybody's list",
        "novelty" => "how rare the listed items are, in bits",
        "diversity" => "how different the listed items' features are, 0 to 1",
        "gini" => "0: all items in equally many lists, 1: one item in all",
        "popular_lists" => "lists that are mostly the ten most popular items",
        "accuracy" => "pairs on the right side of the threshold",
        "auc" => "how often a used item scores above an unused one",
        "log_loss" => "lower is better",
        _ => "",
    };

    public string Format(double value) => Stem switch
    {
        "coverage" or "popular_lists" => Percent(value),
        "novelty" => value.ToString("0.00"),
        _ => value.ToString("0.0000"),
    };

    /// <summary>A mark on an axis of this metric.</summary>
    public string FormatTick(Axis axis, double tick) => Stem is "coverage" or "popular_lists" ? $"{100 * tick:0.###}\u00A0%" : axis.Label(tick);

    public string FormatDifference(double value) => Signed(value, Stem switch { "novelty" => "0.00", _ => "0.0000" }, Stem is "coverage" or "popular_lists");

    /// <summary>"0.0912–0.0981", or "" where there is no interval.</summary>
    public string FormatInterval(MetricInterval? metric, string between = "–") =>
        metric is { Low: double low, High: double high } ? Format(low) + between + Format(high) : "";

    public string FormatDifferenceInterval(MetricInterval? metric) =>
        metric is { Low: double low, High: double high } ? $"{FormatDifference(low)} to {FormatDifference(high)}" : "";

    /// <summary>A share as a percentage of sensible precision: "55 %", "4.2 %", "0.031 %".</summary>
    public static string Percent(double share)
    {
        double percent = 100 * share, size = Math.Abs(percent);
        return percent.ToString(size >= 10 ? "0.0" : size >= 1 ? "0.00" : "0.000") + "\u00A0%"; // no line break before the sign
    }

    private static string Signed(double value, string format, bool percent)
    {
        string digits = percent ? Percent(Math.Abs(value)) : Math.Abs(value).ToString(format);
        bool isZero = !digits.Any(letter => letter is >= '1' and <= '9');
        return isZero ? digits : (value < 0 ? "−" : "+") + digits;
    }
}
