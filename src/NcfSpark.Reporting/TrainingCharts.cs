namespace NcfSpark.Reporting;

/// <summary>Training loss and the validation metric by epoch, the kept epoch marked.</summary>
internal static class TrainingCharts
{
    public static Html Loss(ModelReport model) => Curve(
        "loss", "Training loss by epoch", "loss", "mean training loss", model, model.Curve.Select(
            point => (point.Epoch, point.Loss)), value => value.ToString("0.0000"));

    /// <summary>Empty where nothing was validated.</summary>
    public static Html Validation(ModelReport model)
    {
        (int, double)[] points = [.. model.Curve.Where(point => point.Validation is not null).Select(point => (point.Epoch, point.Validation!.Value))];
        if (points.Length == 0) return Html.Empty;
        var name = new MetricName(model.ValidationMetric);
        return Curve("validation", $"Validation {name.Title} by epoch", "validation", $"validation {name.Title}", model, points, name.Format);
    }

    private static Html Curve(
        string id, string title, string look, string yTitle, ModelReport model, IEnumerable<(int Epoch, double Value)> measured, Func<double, string> format)
    {
        (int Epoch, double Value)[] points = [.. measured.Where(point => double.IsFinite(point.Value))];
        if (points.Length == 0) return Html.Empty;
        Axis x = Axis.Whole(model.Curve[0].Epoch, model.Curve[^1].Epoch, Chart.Left + 8, Chart.Width - Chart.Right - 8);
        Axis y = Axis.Linear(points.Select(point => point.Value), Chart.Height - Chart.Bottom, Chart.Top + 8);
        string description = $"From {format(points[0].Value)} after epoch {points[0].Epoch} to {format(points[^1].Value)} after epoch "
            + $"{points[^1].Epoch}{(model.BestEpoch is int kept ? $"; epoch {kept} was kept" : "")}.";
        Html line = Chart.Line($"line {look}", points.Select(point => (x.At(point.Epoch), y.At(point.Value))));
        IEnumerable<Html> dots = points.Select(point => Html.Of(
            $"<circle class=\"dot {look}{(point.Epoch == model.BestEpoch ? " best" : "")}\" cx=\"{x.At(point.Epoch)}\" cy=\"{y.At(point.Value)}\" "
            + $"r=\"{(point.Epoch == model.BestEpoch ? 5 : points.Length > 60 ? 1.5 : 3)}\"><title>epoch {point.Epoch}: "
            + $"{format(point.Value)}</title></circle>"));
        return Chart.Frame(id, title, description, x, y, "epoch", yTitle, Html.Of($"{Best(model, x)}{line}{dots}"));
    }

    private static Html Best(ModelReport model, Axis x)
    {
        if (model.BestEpoch is not int best) return Html.Empty;
        bool isRight = x.At(best) > Chart.Width / 2;
        return Html.Of($"""
            <line class="best" x1="{x.At(best)}" x2="{x.At(best)}" y1="{Chart.Top}" y2="{Chart.Height - Chart.Bottom}"/>
            <text class="best" x="{x.At(best) + (isRight ? -6 : 6)}" y="{Chart.Top + 8}" text-anchor="{(isRight ? "end" : "start")}">epoch {best} kept</text>
            """);
    }
}
