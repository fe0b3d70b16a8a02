using System.Diagnostics;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Training;
using NcfSpark.Training.Distributed;
using NcfSpark.Training.Tests;

namespace NcfSpark.Benchmarks;

/// <summary>
/// How fast the server takes in pushes that touch all rows: putting their blocks together, checking and combining them,
/// the outer step, and the blocks of the reply. It is the c of the cost model in src/README.md: bytes of all workers'
/// pushes, by the seconds that all of it took.
/// </summary>
internal sealed class CombineMeasurement
{
    private readonly SharedParameters shared;
    private readonly byte[][] push;
    private readonly int workers;

    public CombineMeasurement(ModelOptions model, int items, int workers)
    {
        this.workers = workers;
        shared = new SharedParameters(ModelWeights.Initialize(model, 0, items, seed: 1), PlainOptions.Train with { Workers = workers });
        RandomStream chance = RandomStream.Named(1, "pushes");
        TableRows[] all = [.. shared.Tables.Select((weight, table) => new TableRows(
            [.. Enumerable.Range(0, weight.Rows)],
            [.. Enumerable.Range(0, weight.Values.Length).Select(i => weight.Values[i] + 1e-4f * (float)chance.Normal(((long)table << 40) + i))]))];
        push = [.. TableBlock.Encode(all, shared.Tables, half: false)];
    }

    /// <summary>Bytes a second, once.</summary>
    public double Measure()
    {
        long started = Stopwatch.GetTimestamp(), bytes = 0;
        for (int worker = 0; worker < workers; worker++)
        {
            var reader = new TableBlock.Reader(shared.Tables, half: false);
            foreach (byte[] block in push)
            {
                reader.Add(block);
                bytes += block.Length;
            }

            var round = new RoundPush(0, 0, 1000, 0, WorkerTimes.Zero, reader.Tables());
            PushCheck.Check(worker, round, shared.Tables, half: false);
            if (shared.Take(worker, round.Samples, round.Tables) is { } changed) new RoundReply(changed, Checkpoint: false).Blocks(shared.Tables, half: false);
        }

        return bytes / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
