using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>Refuses pushes that are not what a worker can give.</summary>
internal static class PushCheck
{
    /// <exception cref="RequestRejectedException">Something is wrong with it; the message names the weight and the row.</exception>
    public static void Check(int worker, RoundPush push, IReadOnlyList<Weight> shared, bool half)
    {
        string whose = $"The push of worker {worker} for epoch {push.Epoch + 1}, round {push.Round + 1}";
        if (push.Tables.Length != shared.Count)
        {
            throw new RequestRejectedException($"{whose} has {push.Tables.Length} weights where the model shares {shared.Count}.");
        }

        if (push.Samples < 0) throw new RequestRejectedException($"{whose} says it is of {push.Samples:N0} samples.");
        if (!double.IsFinite(push.LossSum)) throw new RequestRejectedException($"{whose} has a loss of {push.LossSum}.");
        for (int t = 0; t < shared.Count; t++)
        {
            (Weight weight, TableRows rows) = (shared[t], push.Tables[t]);
            if (rows.Rows.Length > 0 && push.Samples == 0) throw new RequestRejectedException($"{whose} changes {weight.Name}, by no samples.");
            if (rows.Values.Length != (long)rows.Rows.Length * weight.Columns)
            {
                throw new RequestRejectedException(
                    $"{whose} has {rows.Values.Length:N0} values of {weight.Name} for {rows.Rows.Length:N0} rows of {weight.Columns}.");
            }

            for (int r = 0; r < rows.Rows.Length; r++)
            {
                int row = rows.Rows[r];
                if (row < 0 || row >= weight.Rows) throw new RequestRejectedException($"{whose} has row {row} of {weight.Name}, which has {weight.Rows:N0}.");
                if (r > 0 && row <= rows.Rows[r - 1])
                {
                    throw new RequestRejectedException($"{whose} has row {row} of {weight.Name} after row {rows.Rows[r - 1]}: rows must rise.");
                }
            }

            int bad = Finite.IndexOfOther(rows.Values);
            if (bad >= 0)
            {
                throw new RequestRejectedException(
                    $"{whose} has {rows.Values[bad]} in row {rows.Rows[bad / weight.Columns]} of "
                    + $"{weight.Name}{(half ? " (a change too large for Train:Server:WirePrecision fp16 shows like this, too)" : "")}.");
            }
        }
    }
}
