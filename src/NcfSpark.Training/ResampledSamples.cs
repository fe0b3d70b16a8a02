using NcfSpark.Core;
using NcfSpark.Kernels;

namespace NcfSpark.Training;

/// <summary>
/// Positives, each with negatives drawn afresh every epoch. With n negatives a positive, sample s of an epoch belongs to positive
/// s / (n + 1) and is the positive itself where s mod (n + 1) = 0. Example, n = 2: samples 0 … 5 are +0 -0 -0 +1 -1 -1, then shuffled.
/// For a model with a history positives are shuffled and keep their negatives beside them: +1 -1 -1 +0 -0 -0.
/// Dislikes are always drawn: of a user with P positives and D dislikes the first ⌈D / P⌉ negatives of each positive (at most n) are dislikes, in turn, so
/// that each is drawn in each epoch.
/// Users who have touched everything have nothing to draw: their positives are repeated in place of negatives.
/// </summary>
internal sealed unsafe class ResampledSamples : ISampleSource
{
    private const int MostTries = 32;

    private readonly AlignedArray<(int User, int Item)> positives; // side by side, since they are looked up in random order
    private readonly int samplesPerPositive;
    private readonly AlignedArray<float>? positiveWeights; // null: all 1
    private readonly NegativeSampler? untouched;           // draws uniformly among what a user has not touched
    private readonly PopularityDraw? popular;              // draws among all items; with the one above, what the user has not touched
    private readonly InteractionLists? touched;            // where draws by popularity leave out what the user has touched
    private readonly InteractionLists? disliked;
    private readonly int[] positivesOfUser = [], placeOfPositive = []; // where there are dislikes: how many by user, and which of them each is
    private readonly int[] pastEnds = [];                  // empty without a history
    private readonly long seed;

    /// <param name="all">Of all workers' rows, where these are not all there are.</param>
    public ResampledSamples(TrainingSet set, TrainOptions options, PastItems? past = null, SampleTotals? all = null)
    {
        Past = past;
        (int[] users, int[] items) = TrainingSet.Positives(set.Rows, set.Labels);
        positives = new(users.Length);
        for (int p = 0; p < users.Length; p++) positives.Start[p] = (users[p], items[p]);
        if (SampleWeights.Of(set, options, all) is { } weights)
        {
            positiveWeights = new(users.Length);
            int next = 0;
            for (int row = 0; row < weights.Length; row++)
            {
                if (set.Labels[row] == 1) positiveWeights.Start[next++] = weights[row];
            }
        }

        if (past is not null)
        {
            pastEnds = users.Length == set.Labels.Length ? past.RowEnds
                : [.. past.RowEnds.Where((_, row) => set.Labels[row] == 1)];
        }

        samplesPerPositive = options.NegativesPerPositive + 1;
        if (options.Negatives == NegativeSource.PopularityUntouched) touched = set.Avoided;
        if (set.Disliked is not null)
        {
            disliked = set.Disliked;
            positivesOfUser = new int[set.UserCount];
            placeOfPositive = Array.ConvertAll(users, user => positivesOfUser[user]++);
        }

        if (options.AvoidsTouched) untouched = new NegativeSampler(set.Avoided, set.ItemCount);
        if (SampleTotals.DrawsByPopularity(options))
        {
            popular = new PopularityDraw(all?.ItemUses ?? SampleTotals.UsesOf(set), options.NegativePopularity, SampleTotals.UnitOf(set));
        }

        else if (options.Negatives == NegativeSource.Uniform) popular = new PopularityDraw(new long[set.ItemCount], 0);
        seed = options.Seed;
    }

    public long Count => positives.Length * samplesPerPositive;

    public int GroupSize => Past is null ? 1 : samplesPerPositive;

    public PastItems? Past { get; }

    public IEpochSamples InEpoch(int epoch) => new Epoch(
        this, new IndexPermutation(Count / GroupSize, RandomStream.Named(seed, "order", epoch)), RandomStream.Named(seed, "negatives", epoch));

    public void Dispose()
    {
        positives.Dispose();
        positiveWeights?.Dispose();
        untouched?.Dispose();
    }

    private sealed class Epoch(ResampledSamples source, IndexPermutation order, RandomStream draws) : IEpochSamples
    {
        // In passes over small blocks, each of which asks for the memory that the next one reads: otherwise a sample would wait four times for it.
        public void Fill(long start, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights)
        {
            Span<long> samples = stackalloc long[IndexPermutation.BlockSize];
            for (int done = 0; done < labels.Length; done += IndexPermutation.BlockSize)
            {
                Span<long> block = samples[..Math.Min(IndexPermutation.BlockSize, labels.Length - done)];
                FillSamples(start + done, block);
                FillPositives(block, users[done..], items[done..], labels[done..], weights[done..]);
                if (source.popular is not { } popular) DrawUntouched(source.untouched!, block, users[done..], items[done..], labels[done..]);
                else if (source.untouched is { } sampler) DrawPopularUntouched(popular, sampler, block, users[done..], items[done..], labels[done..]);
                else DrawPopular(popular, block, items[done..], labels[done..]);
                if (source.disliked is { } disliked) DrawDisliked(disliked, block, users[done..], items[done..], labels[done..]);
            }
        }

        public void FillPastEnds(long start, Span<int> ends)
        {
            Span<long> samples = stackalloc long[IndexPermutation.BlockSize];
            for (int done = 0; done < ends.Length; done += IndexPermutation.BlockSize)
            {
                Span<long> block = samples[..Math.Min(IndexPermutation.BlockSize, ends.Length - done)];
                FillSamples(start + done, block);
                for (int b = 0; b < block.Length; b++) ends[done + b] = source.pastEnds[(int)((ulong)block[b] / (ulong)source.samplesPerPositive)];
            }
        }

        // Which samples stand at these places: shuffled one by one, or whole groups.
        private void FillSamples(long start, Span<long> samples)
        {
            if (source.GroupSize == 1)
            {
                order.CopyTo(start, samples);
                return;
            }

            Span<long> groups = stackalloc long[IndexPermutation.BlockSize];
            int size = source.GroupSize;
            long firstGroup = start / size, lastGroup = (start + samples.Length - 1) / size;
            order.CopyTo(firstGroup, groups[..(int)(lastGroup - firstGroup + 1)]);
            int group = 0, within = (int)(start - firstGroup * size);
            for (int b = 0; b < samples.Length; b++)
            {
                samples[b] = groups[group] * size + within;
                if (++within == size) (within, group) = (0, group + 1);
            }
        }

        private void FillPositives(ReadOnlySpan<long> samples, Span<int> users, Span<int> items, Span<float> labels, Span<float> weights)
        {
            Span<int> positives = stackalloc int[IndexPermutation.BlockSize];
            for (int b = 0; b < samples.Length; b++)
            {
                positives[b] = (int)((ulong)samples[b] / (ulong)source.samplesPerPositive);
                labels[b] = (long)positives[b] * source.samplesPerPositive == samples[b] ? 1 : 0;
                Prefetch.Line(source.positives.Start + positives[b]);
            }

            for (int b = 0; b < samples.Length; b++)
            {
                (users[b], items[b]) = source.positives.Start[positives[b]];
                source.untouched?.PrefetchUser(users[b]);
            }

            for (int b = 0; b < samples.Length; b++) weights[b] = source.positiveWeights is { } given ? given.Start[positives[b]] : 1;
        }

        // Computed for positives, too, and not used: that costs less than a branch that is guessed wrongly.
        private void DrawUntouched(NegativeSampler sampler, ReadOnlySpan<long> samples, ReadOnlySpan<int> users, Span<int> items, Span<float> labels)
        {
            Span<int> ranks = stackalloc int[IndexPermutation.BlockSize], blocks = stackalloc int[IndexPermutation.BlockSize];
            for (int b = 0; b < samples.Length; b++)
            {
                int untouched = sampler.UntouchedCount(users[b]);
                ranks[b] = (int)draws.Below(samples[b], untouched);
                if (untouched == 0) labels[b] = 1;
                sampler.PrefetchLasts(users[b]);
            }

            for (int b = 0; b < samples.Length; b++)
            {
                blocks[b] = sampler.BlockOf(users[b], ranks[b]);
                sampler.PrefetchBlock(blocks[b], users[b]);
            }

            for (int b = 0; b < samples.Length; b++)
            {
                int negative = sampler.UntouchedIn(blocks[b], users[b], ranks[b]);
                items[b] = labels[b] == 0 ? negative : items[b];
            }
        }

        // In place of what was drawn; and for users who have touched all else, of whom nothing could be.
        private void DrawDisliked(InteractionLists disliked, ReadOnlySpan<long> samples, ReadOnlySpan<int> users, Span<int> items, Span<float> labels)
        {
            for (int b = 0; b < samples.Length; b++)
            {
                ReadOnlySpan<int> own = disliked[users[b]];
                if (own.IsEmpty) continue;
                (long positive, long within) = Math.DivRem(samples[b], source.samplesPerPositive);
                int ofUser = source.positivesOfUser[users[b]], taken = (own.Length + ofUser - 1) / ofUser; // of each positive's negatives
                if (within < 1 || within > taken) continue;
                long turn = (long)source.placeOfPositive[positive] * taken + within - 1;
                (items[b], labels[b]) = (own[(int)(turn % own.Length)], 0);
            }
        }

        private void DrawPopular(PopularityDraw popular, ReadOnlySpan<long> samples, Span<int> items, ReadOnlySpan<float> labels)
        {
            for (int b = 0; b < samples.Length; b++)
            {
                int negative = popular.Item(draws.Bits(samples[b]));
                items[b] = labels[b] == 0 ? negative : items[b];
            }
        }

        // Draws until it is something untouched; a user who has touched nearly all that is popular gets one of the others at last, any as likely.
        private void DrawPopularUntouched(
            PopularityDraw popular, NegativeSampler sampler, ReadOnlySpan<long> samples, ReadOnlySpan<int> users, Span<int> items, Span<float> labels)
        {
            for (int b = 0; b < samples.Length; b++)
            {
                if (labels[b] == 1) continue;
                int left = sampler.UntouchedCount(users[b]), tries = 0;
                long place = samples[b];
                if (left == 0)
                {
                    labels[b] = 1;
                    continue;
                }

                int negative = popular.Item(draws.Bits(place));
                while (source.touched!.SortedHolds(users[b], negative))
                {
                    place += source.Count; // a place that no other sample has
                    negative = ++tries < MostTries ? popular.Item(draws.Bits(place)) : sampler.Untouched(users[b], (int)draws.Below(place, left));
                }

                items[b] = negative;
            }
        }
    }
}
