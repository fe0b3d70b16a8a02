namespace NcfSpark.Kernels;

/// <summary>
/// Trains deep matrix factorization (Xue et al. 2017): users and items encoded from their rows of the interaction matrix Y
/// (<see cref="InteractionEncoder"/>), under the cosine, by the normalised cross entropy.
/// <code>
/// c = p · q / (|p| |q|), 0 where p or q is 0     y = c between μ and 1 - μ, μ = 1e-6     t = Y[u, i] / max Y if the label is 1, else 0
/// loss = -t log y - (1 - t) log (1 - y)          dc = (y - t) / (y (1 - y)) where μ is less than c and c less than 1 - μ, else 0
/// dp = Σ dc (q / |q| - c p / |p|) / |p|          over the samples of a user; of an item likewise
/// </code>
/// The paper has the floor μ; the same below 1 keeps the logarithm finite where rounding makes a cosine 1. As in the paper, a positive's
/// own entry stays in the rows that it is predicted from. Each distinct user and item of a batch is encoded once.
/// </summary>
/// <remarks>Its pieces of work are few and long, so it has no scheduler of its own: each pass is one parallel loop.</remarks>
public sealed unsafe class InteractionsStep : IFusedStep
{
    /// <summary>μ</summary>
    public const float Floor = 1e-6f;

    private const int SlotsAtOnce = 32;

    private readonly InteractionMatrix matrix;
    private readonly float largest;
    private readonly InteractionEncoder userEncoder, itemEncoder;
    private readonly ParallelLoop loop;
    private readonly int[] users, items, userSlots, itemSlots;
    private readonly float[] labels, weights, cosines, slopes, userInverses, itemInverses;
    private readonly SampleLists samplesOfUser, samplesOfItem;

    public InteractionsStep(StepSettings settings)
    {
        (matrix, IReadOnlyList<int> userWidths, IReadOnlyList<int> itemWidths) = settings.Interactions!;
        largest = matrix.Values.Length == 0 ? 1 : matrix.Values.Max();
        loop = new ParallelLoop(settings.Threads);
        int size = settings.BatchSize;
        userEncoder = InteractionEncoder.For(settings.Level, matrix, userWidths, size);
        itemEncoder = InteractionEncoder.For(settings.Level, matrix.Transposed, itemWidths, size);
        (users, items, userSlots, itemSlots) = (new int[size], new int[size], new int[size], new int[size]);
        (labels, weights, cosines, slopes) = (new float[size], new float[size], new float[size], new float[size]);
        (userInverses, itemInverses) = (new float[userEncoder.Capacity], new float[itemEncoder.Capacity]);
        (samplesOfUser, samplesOfItem) = (new(userEncoder.Capacity, size), new(itemEncoder.Capacity, size));
        userEncoder.AddTo(Parameters, ModelPart.UserInteractions, ModelPart.UserGmf);
        itemEncoder.AddTo(Parameters, ModelPart.ItemInteractions, ModelPart.ItemGmf);
    }

    public ParameterTables Parameters { get; } = new();

    public long Run(IBatchFeed from, long count, ref double losses)
    {
        for (long batch = 0; batch < count; batch++)
        {
            BatchTerms terms = from.TermsOf(batch);
            int samples = terms.Count;
            from.Fill(batch, 0, users.AsSpan(0, samples), items.AsSpan(0, samples), labels.AsSpan(0, samples), weights.AsSpan(0, samples));
            Arrange(samples);
            userEncoder.Forward(loop);
            itemEncoder.Forward(loop);
            double loss = Losses(samples);
            losses += loss;
            if (!double.IsFinite(loss)) return batch;
            ToOutputs(userEncoder, userInverses, samplesOfUser, itemEncoder, itemInverses, itemSlots);
            ToOutputs(itemEncoder, itemInverses, samplesOfItem, userEncoder, userInverses, userSlots);
            UpdateRule rows = new(terms.Mlp, terms.Step, samples), dense = new(terms.Dense, terms.Step, samples);
            userEncoder.Backward(in rows, in dense, loop);
            itemEncoder.Backward(in rows, in dense, loop);
        }

        return count;
    }

    /// <summary>Computes the vectors of all users and items, which are the parts UserGmf and ItemGmf.</summary>
    public void Derive()
    {
        userEncoder.EncodeAll(loop);
        itemEncoder.EncodeAll(loop);
    }

    public void Dispose()
    {
        userEncoder.Dispose();
        itemEncoder.Dispose();
    }

    private void Arrange(int samples)
    {
        userEncoder.Clear();
        itemEncoder.Clear();
        for (int s = 0; s < samples; s++) (userSlots[s], itemSlots[s]) = (userEncoder.SlotOf(users[s]), itemEncoder.SlotOf(items[s]));
        samplesOfUser.Set(userSlots.AsSpan(0, samples));
        samplesOfItem.Set(itemSlots.AsSpan(0, samples));
    }

    private double Losses(int samples)
    {
        userEncoder.InverseLengths(userInverses.AsSpan(0, userEncoder.Count));
        itemEncoder.InverseLengths(itemInverses.AsSpan(0, itemEncoder.Count));
        int width = userEncoder.OutputWidth;
        double sum = 0;
        for (int s = 0; s < samples; s++)
        {
            float dot = userEncoder.Dot(userEncoder.Output + (long)userSlots[s] * width, itemEncoder.Output + (long)itemSlots[s] * width);
            float cosine = dot * userInverses[userSlots[s]] * itemInverses[itemSlots[s]];
            float y = cosine < Floor ? Floor : cosine > 1 - Floor ? 1 - Floor : cosine;
            float target = labels[s] == 0 ? 0 : matrix.At(users[s], items[s]) / largest;
            sum -= weights[s] * (target * Math.Log(y) + (1 - target) * Math.Log(1 - (double)y));
            (cosines[s], slopes[s]) = (cosine, y == cosine ? weights[s] * (y - target) / (y * (1 - y)) / samples : 0);
        }

        return sum;
    }

    private void ToOutputs(InteractionEncoder to, float[] inverses, SampleLists lists, InteractionEncoder other, float[] otherInverses, int[] otherSlots)
    {
        int width = to.OutputWidth;
        loop.For((to.Count + SlotsAtOnce - 1) / SlotsAtOnce, block =>
        {
            for (int slot = block * SlotsAtOnce; slot < Math.Min(to.Count, (block + 1) * SlotsAtOnce); slot++)
            {
                float* gradient = to.OutputGradient + (long)slot * width;
                new Span<float>(gradient, width).Clear();
                float own = 0;
                for (int s = lists.First[slot]; s >= 0; s = lists.Next[s])
                {
                    own -= slopes[s] * cosines[s];
                    to.AddTo(gradient, other.Output + (long)otherSlots[s] * width, slopes[s] * otherInverses[otherSlots[s]] * inverses[slot]);
                }

                to.AddTo(gradient, to.Output + (long)slot * width, own * inverses[slot] * inverses[slot]);
            }
        });
    }

    // The samples of each slot, rising.
    private sealed class SampleLists(int slots, int samples)
    {
        public int[] First { get; } = new int[slots];

        public int[] Next { get; } = new int[samples];

        public void Set(ReadOnlySpan<int> slotOf)
        {
            Array.Fill(First, -1);
            for (int s = slotOf.Length - 1; s >= 0; s--) (Next[s], First[slotOf[s]]) = (First[slotOf[s]], s);
        }
    }
}

/// <summary>What <see cref="InteractionsStep"/> needs to know beside what other steps do.</summary>
/// <param name="Matrix">A row for each user.</param>
/// <param name="UserWidths">Widths of the layers over users' rows, at least two; the last ones of both are equal.</param>
/// <param name="ItemWidths">Of those over items' columns.</param>
public sealed record InteractionsStepSettings(InteractionMatrix Matrix, IReadOnlyList<int> UserWidths, IReadOnlyList<int> ItemWidths);
