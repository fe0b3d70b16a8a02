using System.Runtime.InteropServices;
using NcfSpark.Kernels;
using NcfSpark.Model;
using static TorchSharp.torch;

namespace NcfSpark.Training;

/// <summary>
/// The update of deep matrix factorization as autograd makes it, from dense rows of the interaction matrix: what
/// <see cref="InteractionsStep"/>, which has the equations, is checked against. It is slow, and runs on one thread.
/// </summary>
internal sealed class TorchInteractionsStep : ITrainingStep
{
    private readonly TrainingState state;
    private readonly UpdateRules rules;
    private readonly NeuMFModule module;
    private readonly InteractionMatrix matrix;
    private readonly float largest;
    private readonly Batch batch;
    private readonly Dictionary<Weight, OptimizedWeight> optimized;

    public TorchInteractionsStep(TrainingState state, TrainOptions options, UpdateRules rules)
    {
        (this.state, this.rules, matrix) = (state, rules, state.Interactions!);
        set_num_threads(1);
        (module, batch) = (new NeuMFModule(state.Weights), new Batch(options.BatchSize));
        optimized = state.All.ToDictionary(weight => weight.Weight);
        largest = matrix.Values.DefaultIfEmpty(1).Max();
    }

    public string Description => "torch (autograd)";

    public TrainingPosition Advance(TrainingPosition position, ISampleSource samples, long end)
    {
        while (position.Samples < end)
        {
            (batch.Epoch, batch.Start) = (position.Epoch, position.Samples);
            batch.Count = (int)Math.Min(batch.Users.Length, end - position.Samples);
            batch.FillFrom(samples);
            position = position.After(batch.Count, Update(position.Steps + 1));
        }

        return position;
    }

    public void Synchronize()
    {
        using var scope = NewDisposeScope();
        Derive(state.Weights.UserGmf!, state.Weights.UserInteractions!, matrix);
        Derive(state.Weights.ItemGmf!, state.Weights.ItemInteractions!, matrix.Transposed);
    }

    public void SynchronizeShared() => Synchronize();

    public void ReloadShared()
    {
    }

    public void Dispose() => module.Dispose();

    private double Update(long step)
    {
        using var scope = NewDisposeScope();
        (int[] users, int[] items) = (batch.Users[..batch.Count], batch.Items[..batch.Count]);
        (int[] distinctUsers, int[] distinctItems) = ([.. users.Distinct().Order()], [.. items.Distinct().Order()]);
        Tensor users_DE = module.Encode(state.Weights.UserInteractions!, RowsOf(matrix, distinctUsers));
        Tensor items_DE = module.Encode(state.Weights.ItemInteractions!, RowsOf(matrix.Transposed, distinctItems));
        Tensor users_BE = users_DE.index_select(0, PlacesIn(distinctUsers, users)), items_BE = items_DE.index_select(0, PlacesIn(distinctItems, items));
        Tensor cosines_B = (users_BE * items_BE).sum(1), floor = tensor(InteractionsStep.Floor), minus = tensor(-1f), one = tensor(1f);
        Tensor y_B = minimum(maximum(cosines_B, floor), tensor(1 - InteractionsStep.Floor));
        float[] targets = [.. users.Select((user, s) => batch.Labels[s] == 0 ? 0 : matrix.At(user, items[s]) / largest)];
        Tensor targets_B = tensor(targets), others_B = (targets_B * minus).Plus(one), weights_B = tensor(batch.Weights[..batch.Count]);
        Tensor loss = (weights_B * (targets_B * y_B.log()).Plus(others_B * (y_B * minus).Plus(one).log())).sum() * minus;
        double value = loss.item<float>();
        if (!double.IsFinite(value)) return value;
        (loss * tensor(1f / batch.Count)).backward();
        PartUpdate rows = new(rules.Mlp(step), step, batch.Count), dense = new(rules.Dense(step), step, batch.Count);
        Apply(state.Weights.UserInteractions!, matrix, distinctUsers, rows, dense);
        Apply(state.Weights.ItemInteractions!, matrix.Transposed, distinctItems, rows, dense);
        module.zero_grad();
        return value;
    }

    private void Apply(ModelWeights.EncoderWeights encoder, InteractionMatrix of, int[] batchRows, PartUpdate rows, PartUpdate dense)
    {
        OptimizedWeight table = optimized[encoder.Table];
        float[] gradients = GradientOf(encoder.Table);
        int columns = encoder.Table.Columns;
        foreach (int row in batchRows.SelectMany(row => of.Columns[of.Starts[row]..of.Starts[row + 1]]).Distinct())
        {
            table.Update(rows, row, gradients.AsSpan(row * columns, columns));
        }

        foreach (Weight weight in encoder.Layers.SelectMany(layer => new[] { layer.Weight, layer.Bias }))
        {
            OptimizedWeight one = optimized[weight];
            dense.Apply(weight.Values, one.FirstMoments, one.SecondMoments, GradientOf(weight));
        }
    }

    private float[] GradientOf(Weight weight) => MemoryMarshal.Cast<byte, float>(module[weight].grad!.contiguous().bytes).ToArray();

    // A row without entries has no vector.
    private void Derive(Weight vectors, ModelWeights.EncoderWeights encoder, InteractionMatrix of)
    {
        int[] rows = [.. Enumerable.Range(0, of.RowCount)];
        module.Encode(encoder, RowsOf(of, rows)).data<float>().ToArray().CopyTo(vectors.Values);
        foreach (int row in rows.Where(row => of.Starts[row] == of.Starts[row + 1])) vectors.Row(row).Clear();
    }

    private static Tensor RowsOf(InteractionMatrix of, int[] rows)
    {
        float[] values = new float[rows.Length * of.ColumnCount];
        for (int r = 0; r < rows.Length; r++)
        {
            for (int entry = of.Starts[rows[r]]; entry < of.Starts[rows[r] + 1]; entry++) values[r * of.ColumnCount + of.Columns[entry]] = of.Values[entry];
        }

        return tensor(values).reshape(rows.Length, of.ColumnCount);
    }

    private static Tensor PlacesIn(int[] distinct, int[] all) => tensor(Array.ConvertAll(all, one => (long)Array.BinarySearch(distinct, one)));
}
