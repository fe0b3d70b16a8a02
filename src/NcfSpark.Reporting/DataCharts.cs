namespace NcfSpark.Reporting;

/// <summary>How interactions spread over items and users.</summary>
internal static class DataCharts
{
    private const int CurvePoints = 160;

    /// <summary>Interactions by popularity rank, both logarithmic: a power law is a straight line here.</summary>
    public static Html Popularity(DataFigures data)
    {
        int[] falling = [.. data.ItemInteractions.OrderDescending().TakeWhile(count => count > 0)];
        if (falling.Length == 0) return Html.Empty;
        Axis x = Axis.PowersOfTen(falling.Length, Chart.Left, Chart.Width - Chart.Right);
        Axis y = Axis.PowersOfTen(falling[0], Chart.Height - Chart.Bottom, Chart.Top);
        IEnumerable<int> ranks = Enumerable.Range(0, CurvePoints).Select(i => (int)Math.Round(Math.Pow(falling.Length, i / (CurvePoints - 1.0)))).Distinct();
        Html line = Chart.Line("line loss", ranks.Select(rank => (x.At(rank), y.At(falling[rank - 1]))));
        string description = $"The most popular item has {falling[0]:N0} training interactions, the one in the middle {falling[falling.Length / 2]:N0}.";
        return Chart.Frame("popularity", "Training interactions by popularity rank", description, x, y, "item's popularity rank (logarithmic)",
            "training interactions", line);
    }

    /// <summary>Users by number of interactions, in bins that double.</summary>
    public static Html PerUser(DataFigures data)
    {
        int[] counts = [.. data.UserInteractions.Where(count => count > 0)];
        if (counts.Length == 0) return Html.Empty;
        int firstBin = (int)Math.Log2(counts.Min()), bins = (int)Math.Log2(counts.Max()) - firstBin + 1;
        int[] users = new int[bins];
        foreach (int count in counts) users[(int)Math.Log2(count) - firstBin]++;

        Axis y = Axis.Linear([0, .. users.Select(count => (double)count)], Chart.Height - Chart.Bottom, Chart.Top);
        double step = (Chart.Width - Chart.Left - Chart.Right) / bins;
        IEnumerable<Html> bars = users.Select((count, bin) =>
        {
            (int low, int high) = (1 << (firstBin + bin), (1 << (firstBin + bin + 1)) - 1);
            double left = Chart.Left + bin * step;
            return Html.Of($"""
                <rect class="bar" x="{left + 2}" y="{y.At(count)}" width="{Math.Max(1, step - 4)}" height="{y.At(0) - y.At(count)}">
                <title>{low} to {high} interactions: {count} users</title></rect>
                <text x="{left + step / 2}" y="{Chart.Height - Chart.Bottom + 17}" text-anchor="middle">{low.ToString("N0")}</text>
                """);
        });
        string description = $"Half of the users have {DataFigures.Quantile(counts, 0.5):N0} interactions or fewer; the most active has {counts.Max():N0}.";
        return Chart.Frame("per-user", "Users by number of interactions", description, Axis.None, y,
            "interactions of a user (lower ends of bins that double)", "users", Html.Join(bars));
    }
}
