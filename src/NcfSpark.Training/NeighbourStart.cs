using System.Numerics;
using System.Runtime.InteropServices;
using NcfSpark.Core;
using NcfSpark.Model;

namespace NcfSpark.Training;

/// <summary>
/// Item rows to start attention from (Model:Attention:NeighbourStart): those of items that are used close together more often than by chance point the
/// same way. It takes less time than a tenth of an epoch.
/// <code>
/// C[i, j] = Σ 1 / (places apart) over pairs of a user's items at most Window places apart     M = max(0, log(C[i, j] ΣC / (C[i] C[j])))
/// q = V sqrt(λ) R, scaled to the standard deviation of the rows that it replaces
/// </code>
/// V, λ: the vectors and values of the E largest eigenvalues of M, by orthogonal iteration. R: a rotation by chance, so that all numbers of a row weigh
/// alike. M are the positive parts of pointwise mutual information, which embeddings of words factorise (Levy and Goldberg 2014).
/// </summary>
internal static class NeighbourStart
{
    /// <summary>Most items of a catalogue: all pairs are counted in one table.</summary>
    public const int MostItems = 20_000;

    private const int Window = 5, Rounds = 4;

    /// <summary>Writes the rows of all items that have neighbours; the others keep theirs.</summary>
    /// <param name="rows">item_gmf.weight, as it starts by chance.</param>
    public static void Set(Weight rows, PastItems past, int userCount, long seed)
    {
        (int count, int size) = (rows.Rows, rows.Columns);
        if (count > MostItems)
        {
            throw new InvalidInputException($"Model:Attention:NeighbourStart is for at most {MostItems:N0} items, and there are {count:N0}: set it to false.");
        }

        Affinities[] affinities = AffinitiesOf(past, userCount, count);
        RandomStream draw = RandomStream.Named(seed, "neighbours");
        float[] v = Normal(draw, 0, count * size), next = new float[v.Length];
        double[] lengths = Orthonormalize(v, size);
        for (int round = 0; round < Rounds; round++)
        {
            Multiply(affinities, v, next, size);
            (v, next) = (next, v);
            lengths = Orthonormalize(v, size);
        }

        float[] rotation = Normal(draw, v.Length, size * size);
        Orthonormalize(rotation, size);
        double squares = 0, before = 0;
        Array.Clear(next);
        for (int item = 0; item < count; item++)
        {
            Span<float> row = next.AsSpan(item * size, size);
            for (int k = 0; k < size; k++) AddScaled(rotation.AsSpan(k * size, size), v[item * size + k] * (float)Math.Sqrt(lengths[k]), row);
            squares += SquaresOf(row);
            if (affinities[item].Others.Length > 0) before += SquaresOf(rows.Row(item));
        }

        if (squares == 0) return; // nobody used two items
        float scale = (float)Math.Sqrt(before / squares);
        for (int item = 0; item < count; item++)
        {
            if (affinities[item].Others.Length == 0) continue;
            rows.Row(item).Clear();
            AddScaled(next.AsSpan(item * size, size), scale, rows.Row(item));
        }
    }

    private static Affinities[] AffinitiesOf(PastItems past, int userCount, int count)
    {
        float[] pairs = new float[count * count];
        for (int user = 0; user < userCount; user++)
        {
            ReadOnlySpan<int> items = past.Items.AsSpan(past.StartOf(user)..past.StartOf(user + 1));
            for (int t = 1; t < items.Length; t++)
            {
                for (int apart = 1; apart <= Math.Min(Window, t); apart++)
                {
                    pairs[items[t] * count + items[t - apart]] += 1f / apart;
                    pairs[items[t - apart] * count + items[t]] += 1f / apart;
                }
            }
        }

        double[] sums = new double[count];
        Parallel.For(0, count, item =>
        {
            foreach (float pair in pairs.AsSpan(item * count, count)) sums[item] += pair;
        });
        double all = sums.Sum();
        var affinities = new Affinities[count];
        Parallel.For(0, count, item =>
        {
            var (others, values) = (new List<int>(), new List<float>());
            for (int other = 0; other < count; other++)
            {
                double byChance = sums[item] * sums[other] / all, pair = pairs[item * count + other];
                if (!(pair > byChance)) continue; // where nobody used two items, nothing is by chance: 0 / 0
                others.Add(other);
                values.Add(MathF.Log((float)(pair / byChance)));
            }

            affinities[item] = new([.. others], [.. values]);
        });
        return affinities;
    }

    private static void Multiply(Affinities[] matrix, float[] from, float[] to, int size) => Parallel.For(0, matrix.Length, row =>
    {
        Span<float> sum = to.AsSpan(row * size, size);
        sum.Clear();
        (int[] others, float[] values) = matrix[row];
        for (int n = 0; n < others.Length; n++) AddScaled(from.AsSpan(others[n] * size, size), values[n], sum);
    });

    // Makes the columns of v [rows, size] orthogonal and of length 1, one after the other; returns their lengths before.
    private static double[] Orthonormalize(float[] v, int size)
    {
        double[] lengths = new double[size];
        float[] products = new float[size];
        for (int k = 0; k < size; k++)
        {
            Array.Clear(products);
            double squares = 0;
            for (int at = 0; at < v.Length; at += size) AddScaled(v.AsSpan(at, size), v[at + k], products);
            products.AsSpan(k).Clear();
            for (int at = 0; at < v.Length; at += size)
            {
                v[at + k] -= Dot(v.AsSpan(at, size), products);
                squares += v[at + k] * v[at + k];
            }

            lengths[k] = Math.Sqrt(squares);
            if (lengths[k] == 0) continue; // fewer dimensions than columns
            for (int at = 0; at < v.Length; at += size) v[at + k] /= (float)lengths[k];
        }

        return lengths;
    }

    private static float[] Normal(RandomStream draw, int first, int count)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = (float)draw.Normal(first + i);
        return values;
    }

    // E is a multiple of 16, so of any vector.
    private static void AddScaled(ReadOnlySpan<float> values, float factor, Span<float> sums)
    {
        ReadOnlySpan<Vector<float>> from = MemoryMarshal.Cast<float, Vector<float>>(values);
        Span<Vector<float>> to = MemoryMarshal.Cast<float, Vector<float>>(sums);
        for (int k = 0; k < to.Length; k++) to[k] += factor * from[k];
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        ReadOnlySpan<Vector<float>> one = MemoryMarshal.Cast<float, Vector<float>>(a), two = MemoryMarshal.Cast<float, Vector<float>>(b);
        Vector<float> sum = default;
        for (int k = 0; k < one.Length; k++) sum += one[k] * two[k];
        return Vector.Sum(sum);
    }

    private static double SquaresOf(ReadOnlySpan<float> values)
    {
        double squares = 0;
        foreach (float value in values) squares += value * value;
        return squares;
    }

    // The items that an item is used beside more often than by chance, and M of the pairs.
    private readonly record struct Affinities(int[] Others, float[] Values);
}
