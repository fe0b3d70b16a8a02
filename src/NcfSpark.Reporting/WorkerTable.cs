namespace NcfSpark.Reporting;

/// <summary>What each worker spent its time on, over all epochs.</summary>
internal static class WorkerTable
{
    private const double Megabyte = 1e6;

    /// <summary>Empty where there was no parameter server.</summary>
    public static Html Of(IReadOnlyList<WorkerPoint> points)
    {
        if (points.Count == 0) return Html.Empty;
        const string Caption = "Workers, over all epochs";
        return Html.Of($"""
            <div class="scroll" tabindex="0" role="region" aria-label="{Caption}"><table class="metrics"><caption>{Caption}</caption>
            <thead><tr><th scope="col">Worker</th>{Heads()}</tr></thead>
            <tbody>{points.GroupBy(point => point.Worker).OrderBy(worker => worker.Key).Select(worker => Row(worker.Key, [.. worker]))}</tbody>
            </table></div>
            """);
    }

    private static IEnumerable<Html> Heads() =>
        new[] { "Samples", "Rounds", "Computing, s", "Waiting, s", "Communicating, s", "Sent, MB a round", "Received, MB a round" }.Select(
            head => Html.Of($"<th scope=\"col\" class=\"number\">{head}</th>"));

    private static Html Row(int worker, WorkerPoint[] points)
    {
        long rounds = points.Sum(point => point.Rounds);
        string[] cells =
        [
            $"{points.Sum(point => point.Samples):N0}",
            $"{rounds:N0}",
            $"{points.Sum(point => point.Computing):N1}",
            $"{points.Sum(point => point.Waiting):N1}",
            $"{points.Sum(point => point.Communicating):N1}",
            $"{points.Sum(point => point.BytesSent) / Megabyte / Math.Max(1, rounds):N2}",
            $"{points.Sum(point => point.BytesReceived) / Megabyte / Math.Max(1, rounds):N2}",
        ];
        return Html.Of($"<tr><th scope=\"row\">{worker}</th>{cells.Select(cell => Html.Of($"<td class=\"number\">{cell}</td>"))}</tr>\n");
    }
}

/// <summary>What a worker did in an epoch of training.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Worker">From 0.</param>
/// <param name="Samples">Samples that it trained on.</param>
/// <param name="Rounds">Rounds, at whose ends changes were combined.</param>
/// <param name="Computing">Seconds of computing.</param>
/// <param name="Waiting">Seconds of waiting for other workers.</param>
/// <param name="Communicating">Seconds of sending and receiving.</param>
/// <param name="BytesSent">Bytes that it sent in rounds.</param>
/// <param name="BytesReceived">Bytes that it received in rounds.</param>
public sealed record WorkerPoint(
    int Epoch, int Worker, long Samples, long Rounds, double Computing, double Waiting, double Communicating, long BytesSent, long BytesReceived);
