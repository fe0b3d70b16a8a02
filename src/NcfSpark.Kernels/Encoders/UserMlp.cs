using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// The MLP of the user encoder, for a chunk of groups at once: z = drop(relu(V_1 x + c_1)), u += V_2 z + c_2.
/// </summary>
internal static unsafe class UserMlp<S, V>
    where S : ISimd<V>
    where V : struct
{
    public static void Forward(in UserHistoryWork work, int start, int count)
    {
        UserHistoryMemory memory = work.Memory;
        // Rows beyond the chunk are computed and not used.
        (int width, int hidden, int inputs, int rows) = (memory.Width, memory.Hidden, memory.Inputs, (count + 7) & ~7);
        float* z = work.Buffers.Hidden + (long)start * hidden, user = work.Buffers.Users + (long)start * width;
        PrefetchList none = default;
        var first = new MatrixProduct
        {
            A = work.Buffers.Inputs + (long)start * inputs, ARow = inputs, ATerm = 1,
            B = memory.HiddenTransposed, BTerm = hidden,
            C = z, CRow = hidden, Start = memory.Dense + memory.HiddenBias,
            Rows = rows, Terms = inputs, Columns = hidden,
        };
        BlockedGemm<S, V>.Multiply<Relu>(in first, ref none);
        if (work.Shape.Dropout > 0) Drop(in work, start, count);
        AddBias(user, memory.Dense + memory.OutputBias, count, width);
        var second = new MatrixProduct
        {
            A = z, ARow = hidden, ATerm = 1,
            B = memory.OutputTransposed, BTerm = width,
            C = user, CRow = width, Start = user, StartRow = width,
            Rows = rows, Terms = hidden, Columns = width,
        };
        BlockedGemm<S, V>.Multiply<Plain>(in second, ref none);
    }

    public static void Backward(in UserHistoryWork work, int chunk, int start, int count)
    {
        UserHistoryMemory memory = work.Memory;
        (int width, int hidden, int inputs, int rows) = (memory.Width, memory.Hidden, memory.Inputs, (count + 7) & ~7);
        float* z = work.Buffers.Hidden + (long)start * hidden, dz = work.Buffers.HiddenGradients + (long)start * hidden;
        float* x = work.Buffers.Inputs + (long)start * inputs, dx = work.Buffers.InputGradients + (long)start * inputs,
            du = work.Buffers.UserGradients + (long)start * width;
        float* gradient = work.Buffers.DenseGradient(chunk);
        PrefetchList none = default;
        var towardsHidden = new MatrixProduct
        {
            A = du, ARow = width, ATerm = 1,
            B = memory.Dense + memory.OutputWeight, BTerm = hidden,
            C = dz, CRow = hidden, Start = memory.Zeros, Gate = z, GateRow = hidden, Scale = DropoutHash.KeptScale(work.Shape.Dropout),
            Rows = rows, Terms = width, Columns = hidden,
        };
        BlockedGemm<S, V>.Multiply<WherePositive>(in towardsHidden, ref none);
        var towardsInputs = new MatrixProduct
        {
            A = dz, ARow = hidden, ATerm = 1,
            B = memory.Dense, BTerm = inputs,
            C = dx, CRow = inputs, Start = memory.Zeros,
            Rows = rows, Terms = hidden, Columns = inputs,
        };
        BlockedGemm<S, V>.Multiply<Plain>(in towardsInputs, ref none);
        var ofOutput = new MatrixProduct
        {
            A = du, ARow = 1, ATerm = width,
            B = z, BTerm = hidden,
            C = gradient + memory.OutputWeight, CRow = hidden, Start = memory.Zeros,
            Rows = width, Terms = count, Columns = hidden,
        };
        BlockedGemm<S, V>.Multiply<Plain>(in ofOutput, ref none);
        var ofHidden = new MatrixProduct
        {
            A = dz, ARow = 1, ATerm = hidden,
            B = x, BTerm = inputs,
            C = gradient, CRow = inputs, Start = memory.Zeros,
            Rows = hidden, Terms = count, Columns = inputs,
        };
        BlockedGemm<S, V>.Multiply<Plain>(in ofHidden, ref none);
        SumRows(du, count, width, gradient + memory.OutputBias);
        SumRows(dz, count, hidden, gradient + memory.HiddenBias);
        AddPast(du, dx + work.Shape.Lags * width, count, width, inputs);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Drop(in UserHistoryWork work, int start, int count)
    {
        int hidden = work.Memory.Hidden;
        uint perGroup = (uint)DropoutHash.HashCount(hidden);
        var dropout = new Dropout<S, V>(work.Shape.Dropout, work.Batch.Terms.DropoutKey);
        float* z = work.Buffers.Hidden + (long)start * hidden;
        for (int g = start; g < start + count; g++, z += hidden) dropout.Apply(z, hidden, (uint)g * perGroup);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AddBias(float* rows, float* bias, int count, int width)
    {
        for (int g = 0; g < count; g++, rows += width)
        {
            for (int k = 0; k < width; k += S.Lanes) S.Store(S.Add(S.Load(rows + k), S.Load(bias + k)), rows + k);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void SumRows(float* rows, int count, int width, float* sums)
    {
        for (int k = 0; k < width; k += S.Lanes)
        {
            V sum = default;
            for (int g = 0; g < count; g++) sum = S.Add(sum, S.Load(rows + (long)g * width + k));
            S.Store(sum, sums + k);
        }
    }

    // Adds the gradient that reaches h and p directly, not through the MLP.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AddPast(float* du, float* dx, int count, int width, int inputs)
    {
        for (int g = 0; g < count; g++, du += width, dx += inputs)
        {
            for (int k = 0; k < width; k += S.Lanes)
            {
                V d = S.Load(du + k);
                S.Store(S.Add(S.Load(dx + k), d), dx + k);
                S.Store(S.Add(S.Load(dx + width + k), d), dx + width + k);
            }
        }
    }
}
