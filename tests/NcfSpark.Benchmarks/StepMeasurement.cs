using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Model;
using NcfSpark.Training;
using static TorchSharp.torch;

namespace NcfSpark.Benchmarks;

/// <summary>Measures a case in windows that take turns.</summary>
internal sealed class StepMeasurement : IDisposable
{
    private const int MatrixSize = 1024;

    private readonly StepCase of;
    private readonly double seconds;
    private readonly int threads;
    private readonly bool withTorch;
    private readonly FusedTrainingStep fused;
    private readonly TorchStep? torch; // it does not train attention
    private readonly FusedTrainingStep? without; // features
    private readonly TrainOptions options;
    private readonly ISampleSource ready;
    private readonly ISampleSource fresh;
    private readonly Tensor left = randn(MatrixSize, MatrixSize);
    private readonly Tensor right = randn(MatrixSize, MatrixSize);

    public StepMeasurement(StepCase of, double seconds, int threads, bool withTorch)
    {
        (this.of, this.seconds, this.threads, this.withTorch) = (of, seconds, threads, withTorch);
        TrainingSet set = SyntheticSet.Make(of.Users, of.Items, of.Interactions, seed: 1);
        options = of.Train.For(of.Model) with { Threads = threads };
        FlopPerSample = of.FlopPerSample(set);
        var rules = new UpdateRules(options, totalSteps: 1);
        fresh = SampleSources.Of(set, of.Model, options, of.Model.HasPast ? new PastItems(set) : null);
        ready = of.Model.HasAttention ? fresh : new ReadySamples(fresh, count: 1 << 21);
        FeatureLists? features = of.Model.HasItemFeatures ? TenFeatures(of.Items) : null;
        TrainingState NewState() => new(ModelWeights.Initialize(of.Model, of.Users, of.Items, seed: 1, features: features));
        fused = new FusedTrainingStep(NewState(), options, rules, SimdLevels.FromEnvironment(), fresh);
        if (features is not null)
        {
            ModelWeights plain = ModelWeights.Initialize(of.Model with { Item = ItemEncoderKind.Embedding }, of.Users, of.Items, seed: 1);
            without = new FusedTrainingStep(new(plain), options, rules, SimdLevels.FromEnvironment(), fresh);
        }

        if (!of.Model.HasAttention) torch = new TorchStep(NewState(), options, rules);
    }

    // Of each item ten of 1,000 features, some of which many have.
    private static FeatureLists TenFeatures(int items)
    {
        const int Count = 1000, OfItem = 10;
        var stream = RandomStream.Named(1, "features");
        int[] features = [.. Enumerable.Range(0, items).SelectMany(item => Enumerable.Range(0, OfItem)
            .Select(k => k * (Count / OfItem) + (int)(Count / OfItem * Math.Pow(stream.Unit(item * OfItem + k), 3))))];
        bool[] isTrained = new bool[items];
        Array.Fill(isTrained, true);
        return new FeatureLists(Count, [.. Enumerable.Range(0, items + 1).Select(item => item * OfItem)], features, isTrained);
    }

    /// <summary>Multiplications and additions.</summary>
    public double FlopPerSample { get; }

    public StepFigures Measure(int rounds)
    {
        var positions = new TrainingPosition[4];
        Array.Fill(positions, new TrainingPosition());
        Round(positions, seconds / 4); // compiles and warms up
        StepRound[] measured = [.. Enumerable.Range(0, rounds).Select(_ => Round(positions, seconds))];
        double MedianOf(Func<StepRound, double> value) => Median([.. measured.Select(value)]);
        return new StepFigures(
            Fused: MedianOf(round => round.Fused.PerSecond),
            Torch: MedianOf(round => round.Torch.PerSecond),
            Ratio: MedianOf(round => round.Fused.PerSecond / round.Torch.PerSecond),
            Limit: MedianOf(round => round.Limit.PerSecond),
            Share: MedianOf(round => round.Fused.PerSecond * FlopPerSample / round.Limit.PerSecond),
            CpuShare: MedianOf(round => round.Fused.PerCpuSecond * FlopPerSample / round.Limit.PerCpuSecond),
            Epoch: MedianOf(round => round.Epoch.PerSecond / round.Fused.PerSecond),
            CpuEpoch: MedianOf(round => round.Epoch.PerCpuSecond / round.Fused.PerCpuSecond),
            Distance: MedianOf(round => round.Distance),
            FeatureCost: MedianOf(round => round.Without.PerSecond / round.Fused.PerSecond),
            CpuFeatureCost: MedianOf(round => round.Without.PerCpuSecond / round.Fused.PerCpuSecond));
    }

    private StepRound Round(TrainingPosition[] positions, double window) => new(
        Limit(window),
        TrainingWindow.Measure(fused, ready, options.BatchSize, ref positions[0], window),
        threads > 1 ? CoreDistance.Measure() : double.NaN,
        TrainingWindow.Measure(fused, fresh, options.BatchSize, ref positions[1], window),
        withTorch && torch is not null
            ? TrainingWindow.Measure(torch, ready, options.BatchSize, ref positions[2], window)
            : new WindowRate(double.NaN, double.NaN),
        without is null ? new WindowRate(double.NaN, double.NaN) : TrainingWindow.Measure(without, ready, options.BatchSize, ref positions[3], window));

    public void Dispose()
    {
        fresh.Dispose();
        fused.Dispose();
        torch?.Dispose();
        without?.Dispose();
        left.Dispose();
        right.Dispose();
    }

    // Operations a second of the matrix product.
    private WindowRate Limit(double window)
    {
        set_num_threads(threads);
        long products = 0;
        var watch = WindowWatch.Start();
        for (; watch.Seconds < window; products++) left.mm(right).Dispose();
        set_num_threads(1); // the Torch step has threads of its own
        return watch.Rate(products * 2.0 * MatrixSize * MatrixSize * MatrixSize);
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}

/// <summary>What a case came to.</summary>
/// <param name="Fused">Samples a second.</param>
/// <param name="Torch">Samples a second.</param>
/// <param name="Ratio">Fused over Torch.</param>
/// <param name="Limit">Multiplications and additions a second of a large matrix product.</param>
/// <param name="Share">The fused step's share of that.</param>
/// <param name="CpuShare">The same by processor time.</param>
/// <param name="Epoch">The fused step's speed fed with fresh negatives, over its bare speed.</param>
/// <param name="CpuEpoch">The same by processor time.</param>
/// <param name="Distance">Nanoseconds of a cache line from core to core.</param>
/// <param name="FeatureCost">How many times of the same step without features one with them takes; NaN where there are none.</param>
/// <param name="CpuFeatureCost">The same by processor time.</param>
internal sealed record StepFigures(
    double Fused, double Torch, double Ratio, double Limit, double Share, double CpuShare, double Epoch, double CpuEpoch, double Distance,
    double FeatureCost, double CpuFeatureCost);

/// <summary>Windows that were measured one after the other.</summary>
/// <param name="Limit">Of the matrix product, operations.</param>
/// <param name="Fused">Of the fused step on samples that lie ready.</param>
/// <param name="Distance">Nanoseconds of a cache line from core to core (<see cref="CoreDistance"/>), right after the fused step's window.</param>
/// <param name="Epoch">Of the fused step with fresh negatives.</param>
/// <param name="Torch">Of the Torch step on samples that lie ready.</param>
/// <param name="Without">Of the fused step without features on samples that lie ready.</param>
internal sealed record StepRound(WindowRate Limit, WindowRate Fused, double Distance, WindowRate Epoch, WindowRate Torch, WindowRate Without);
