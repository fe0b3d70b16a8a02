using System.Runtime.InteropServices;
using NcfSpark.Kernels;
using NcfSpark.Model;
using static TorchSharp.torch;

namespace NcfSpark.Training;

/// <summary>
/// The update of a model with attention as autograd makes it: what <see cref="AttentionStep"/> is checked against. One user is computed after the
/// other, on one thread.
/// <code>
/// loss = 1 / tokens · Σ_tokens log(e^z + Σ_n e^(z_n + log(items / negatives))) - z     z = v · q + b of the user's next item
/// </code>
/// n: the negatives of the batch, without those that the user has used; with Train:Negatives "uniform", without the next item alone.
/// </summary>
internal sealed class TorchAttentionStep : ITrainingStep
{
    private const float LeftOut = -1e30f;
    private const int RowMultiple = 8; // of a user's rows in a pass of the kernels, whose numbers decide dropout

    private readonly TrainingState state;
    private readonly TrainOptions options;
    private readonly UpdateRules rules;
    private readonly NeuMFModule module;
    private readonly OptimizedWeight rows, biases;
    private readonly OptimizedWeight[] matrices;
    private readonly int[] negatives;
    private readonly int[] users;
    private readonly float shift;

    public TorchAttentionStep(TrainingState state, TrainOptions options, UpdateRules rules)
    {
        (this.state, this.options, this.rules) = (state, options, rules);
        set_num_threads(1);
        ModelWeights weights = state.Weights;
        module = new NeuMFModule(weights);
        var optimized = state.All.ToDictionary(weight => weight.Weight);
        (rows, biases, matrices) = (optimized[weights.ItemGmf!], optimized[weights.ItemBias!], [.. weights.Attention.Select(weight => optimized[weight])]);
        negatives = new int[Math.Min(options.SoftmaxNegatives ?? FusedTrainingStep.AttentionNegatives, weights.ItemCount)];
        users = new int[options.BatchSize];
        shift = MathF.Log((float)weights.ItemCount / negatives.Length);
    }

    public string Description => "torch (autograd)";

    public TrainingPosition Advance(TrainingPosition position, ISampleSource samples, long end)
    {
        IEpochSamples epoch = samples.InEpoch(position.Epoch);
        while (position.Samples < end)
        {
            Span<int> batch = users.AsSpan(0, (int)Math.Min(options.BatchSize, end - position.Samples));
            epoch.FillUsers(position.Samples, batch);
            ulong draws = DropoutMasks.Keys(options.Seed, position.Epoch).Bits(position.Samples);
            ulong masks = DropoutMasks.UserKeys(options.Seed, position.Epoch).Bits(position.Samples);
            position = position.After(batch.Length, Update(batch, samples.Past!, draws, masks, position.Steps + 1));
        }

        return position;
    }

    // The module's parameters are views of the weights.
    public void Synchronize()
    {
    }

    public void SynchronizeShared()
    {
    }

    public void ReloadShared()
    {
    }

    public void Dispose() => module.Dispose();

    // Updates nothing if the loss is not finite. The loss is that of a token, times the users.
    private double Update(ReadOnlySpan<int> batch, PastItems past, ulong draws, ulong masks, long step)
    {
        ModelWeights weights = state.Weights;
        int length = weights.Options.Attention.Length;
        int[] numberOf = new int[weights.ItemCount];
        Array.Fill(numberOf, -1);
        NegativeDraws.Draw(draws, negatives, numberOf);
        var events = new List<(int Start, int Count)>(); // of each user the latest items: all but the last are tokens, all but the first are predicted
        foreach (int user in batch)
        {
            int count = Math.Min(past.StartOf(user + 1) - past.StartOf(user), length + 1);
            events.Add((past.StartOf(user + 1) - count, count));
        }

        int[] touched = [.. events.SelectMany(own => past.Items[own.Start..(own.Start + own.Count)]).Concat(negatives).Distinct().Order()];
        var placeOf = new Dictionary<int, long>(touched.Select((item, place) => KeyValuePair.Create(item, (long)place)));
        int tokens = events.Sum(own => own.Count - 1);
        using var scope = NewDisposeScope();
        Tensor rows_DE = Gather(rows, touched), biases_D1 = Gather(biases, touched);
        Tensor negativePlaces = tensor(Array.ConvertAll(negatives, item => placeOf[item]));
        double loss = 0;
        uint row = 0;
        for (int b = 0; b < batch.Length; b++)
        {
            (int start, int count) = events[b];
            long[] places = Array.ConvertAll(past.Items[start..(start + count)], item => placeOf[item]);
            using var ofUser = NewDisposeScope();
            Tensor v_TE = module.Attention(
                rows_DE.index_select(0, tensor(places[..^1])), past.Times.AsSpan(start, count - 1),
                ToldUsers.IsTold(draws, b, weights.Options.Attention.Told) ? past.Times.AsSpan(start + 1, count - 1) : [], Masks(masks, row, count - 1));
            Tensor next = tensor(places[1..]);
            Tensor own_T1 = (v_TE * rows_DE.index_select(0, next)).sum(1, keepdim: true).Plus(biases_D1.index_select(0, next));
            Tensor others_TK = v_TE.mm(rows_DE.index_select(0, negativePlaces).t())
                .Plus(biases_D1.index_select(0, negativePlaces).t())
                .Plus(tensor(Shifts(past, batch[b], start, count, numberOf)).reshape(count - 1, negatives.Length));
            Tensor sum = cat([own_T1, others_TK], dim: 1).logsumexp(1).Plus(own_T1.squeeze(1) * tensor(-1f)).sum();
            loss += sum.item<float>();
            (sum * tensor(1f / tokens)).backward();
            row += (uint)((count - 1 + RowMultiple - 1) / RowMultiple * RowMultiple);
        }

        if (double.IsFinite(loss)) Apply(step, batch.Length, touched, rows_DE, biases_D1);
        module.zero_grad();
        return loss / tokens * batch.Length;
    }

    // What is added to the logit of each negative, for each token of a user: so little that it counts nothing where it is left out.
    private float[] Shifts(PastItems past, int user, int start, int count, int[] numberOf)
    {
        float[] shifts_TK = new float[(count - 1) * negatives.Length];
        Array.Fill(shifts_TK, shift);
        for (int t = 0; t < count - 1; t++)
        {
            int[] leftOut = options.AvoidsTouched ? past.Items[past.StartOf(user)..past.StartOf(user + 1)] : [past.Items[start + t + 1]];
            foreach (int item in leftOut.Where(item => numberOf[item] >= 0)) shifts_TK[t * negatives.Length + numberOf[item]] = LeftOut;
        }

        return shifts_TK;
    }

    private void Apply(long step, int count, int[] touched, Tensor rows_DE, Tensor biases_D1)
    {
        PartUpdate dense = new(rules.Dense(step), step, count), ofRows = new(rules.Gmf(step), step, count);
        foreach (OptimizedWeight matrix in matrices)
        {
            dense.Apply(matrix.Weight.Values, matrix.FirstMoments, matrix.SecondMoments, GradientOf(module[matrix.Weight]));
        }

        foreach ((OptimizedWeight table, Tensor leaf) in new[] { (rows, rows_DE), (biases, biases_D1) })
        {
            float[] gradients = GradientOf(leaf);
            int columns = table.Weight.Columns;
            for (int place = 0; place < touched.Length; place++) table.Update(ofRows, touched[place], gradients.AsSpan(place * columns, columns));
        }
    }

    // Of the user whose first row in the batch this is.
    private Tensor[] Masks(ulong key, uint firstRow, int count)
    {
        AttentionShape shape = state.Weights.Options.AttentionShape;
        if (shape.Dropout == 0) return [];
        (uint dropped, float kept) = (DropoutHash.Dropped(shape.Dropout), DropoutHash.KeptScale(shape.Dropout));
        uint sites = 1 + 2 * (uint)shape.Blocks, hashes = (uint)DropoutHash.HashCount(shape.Size);
        return [.. Enumerable.Range(0, (int)sites).Select(site =>
        {
            float[] mask = new float[count * shape.Size];
            for (int t = 0; t < count; t++)
            {
                uint counter = ((firstRow + (uint)t) * sites + (uint)site) * hashes;
                for (int e = 0; e < shape.Size; e++) mask[t * shape.Size + e] = DropoutHash.IsKept(key, counter, e, dropped) ? kept : 0;
            }

            return tensor(mask).reshape(count, shape.Size);
        })];
    }

    private static float[] GradientOf(Tensor leaf) => leaf.grad is { } gradient
        ? MemoryMarshal.Cast<byte, float>(gradient.contiguous().bytes).ToArray()
        : new float[leaf.numel()];

    private static Tensor Gather(OptimizedWeight table, int[] places)
    {
        float[] values = new float[places.Length * table.Weight.Columns];
        for (int place = 0; place < places.Length; place++) table.Weight.Row(places[place]).CopyTo(values.AsSpan(place * table.Weight.Columns));
        return tensor(values).reshape(places.Length, table.Weight.Columns).requires_grad_();
    }
}
