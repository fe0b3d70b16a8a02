namespace NcfSpark.Reporting;

/// <summary>A chart's axis: where a value stands in pixels, and at which round values it is marked.</summary>
public sealed class Axis
{
    private readonly double low, high, from, to;
    private readonly bool isLogarithmic;

    private Axis(double low, double high, double from, double to, bool isLogarithmic, double[] ticks) =>
        (this.low, this.high, this.from, this.to, this.isLogarithmic, Ticks) = (low, high, from, to, isLogarithmic, ticks);

    /// <summary>Without marks, for a chart that labels its own bars.</summary>
    public static Axis None { get; } = new(0, 1, 0, 1, isLogarithmic: false, []);

    public double[] Ticks { get; }

    /// <summary>An even axis over all values, widened to round ones.</summary>
    /// <param name="values">What it must hold.</param>
    /// <param name="ticks">About how many marks.</param>
    public static Axis Linear(IEnumerable<double> values, double from, double to, int ticks = 4)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        (double low, double high) = finite.Length == 0 ? (0, 1) : (finite.Min(), finite.Max());
        if (high - low < 1e-12) (low, high) = (low - Math.Max(Math.Abs(low) * 0.1, 1e-3), high + Math.Max(Math.Abs(high) * 0.1, 1e-3));
        double step = RoundStep((high - low) / ticks);
        int first = (int)Math.Floor(low / step + 1e-9), last = (int)Math.Ceiling(high / step - 1e-9);
        double[] marks = [.. Enumerable.Range(first, last - first + 1).Select(i => i * step)];
        return new Axis(first * step, last * step, from, to, isLogarithmic: false, marks);
    }

    /// <summary>An axis of whole numbers such as epochs: it ends where they end, and marks fall on whole numbers.</summary>
    public static Axis Whole(int low, int high, double from, double to, int ticks = 6)
    {
        int step = (int)Math.Max(1, RoundStep((high - low) / (double)ticks));
        double[] marks = [.. Enumerable.Range(low, high - low + 1).Where(value => value == low || value % step == 0).Select(value => (double)value)];
        return new Axis(low == high ? low - 1 : low, low == high ? high + 1 : high, from, to, isLogarithmic: false, marks);
    }

    /// <summary>A logarithmic axis from 1, marked at powers of ten.</summary>
    public static Axis PowersOfTen(double high, double from, double to)
    {
        int powers = Math.Max(1, (int)Math.Ceiling(Math.Log10(Math.Max(high, 1)) - 1e-9));
        return new Axis(0, powers, from, to, isLogarithmic: true, [.. Enumerable.Range(0, powers + 1).Select(power => Math.Pow(10, power))]);
    }

    public double At(double value)
    {
        double along = ((isLogarithmic ? Math.Log10(value) : value) - low) / (high - low);
        return from + along * (to - from);
    }

    /// <summary>A tick's label with as many decimals as the marks need; thousands and more are "100 k", "2.5 M", as a chart has room for six letters.</summary>
    public string Label(double tick)
    {
        double largest = isLogarithmic ? tick : Ticks.Max(Math.Abs);
        (double scale, string unit) = largest switch { >= 1e9 => (1e9, " G"), >= 1e6 => (1e6, " M"), >= 1e5 => (1e3, " k"), _ => (1, "") };
        double step = (Ticks.Length > 1 && !isLogarithmic ? Ticks[^1] - Ticks[^2] : scale) / scale;
        int decimals = step >= 1 ? 0 : (int)Math.Ceiling(-Math.Log10(step) - 1e-9);
        if (decimals > 0 && Math.Abs(step * Math.Pow(10, decimals) - Math.Round(step * Math.Pow(10, decimals))) > 1e-6) decimals++;
        return (tick / scale).ToString($"N{decimals}") + unit;
    }

    // 1, 2 or 5 times a power of ten, the nearest above.
    private static double RoundStep(double step)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(step)));
        double digit = step / power;
        return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    }
}
