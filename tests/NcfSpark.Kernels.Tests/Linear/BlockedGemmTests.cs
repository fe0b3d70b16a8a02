using System.Runtime.Intrinsics;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace NcfSpark.Kernels.Tests;

/// <summary>Products in register blocks, compared with three plain loops, for every instruction set.</summary>
public sealed unsafe class BlockedGemmTests
{
    [Property(MaxTest = 100)]
    public void ProductsEqualThreeLoops(PositiveInt rowBlocks, PositiveInt terms, PositiveInt columnBlocks, bool aIsTransposed, bool startIsOneRow, int seed)
    {
        int rows = 8 * (1 + rowBlocks.Get % 5), inner = 1 + terms.Get * 7 % 200, columns = 16 * (1 + columnBlocks.Get % 9);
        using var a = Numbers.Random(rows * inner, seed);
        using var b = Numbers.Random(inner * columns, seed + 1);
        using var start = Numbers.Random(rows * columns, seed + 2);
        using var gate = Numbers.Random(rows * columns, seed + 3);
        using var c = new AlignedArray<float>(rows * columns);
        var product = new MatrixProduct
        {
            A = a.Start,
            ARow = aIsTransposed ? 1 : inner,
            ATerm = aIsTransposed ? rows : 1,
            B = b.Start,
            BTerm = columns,
            C = c.Start,
            CRow = columns,
            Start = start.Start,
            StartRow = startIsOneRow ? 0 : columns,
            Gate = gate.Start,
            GateRow = columns,
            Scale = 1.5f,
            Rows = rows,
            Terms = inner,
            Columns = columns,
        };
        float[] sums = new float[rows * columns];
        for (int r = 0; r < rows; r++)
        {
            for (int n = 0; n < columns; n++)
            {
                double sum = start.Start[r * product.StartRow + n];
                for (int t = 0; t < inner; t++) sum += (double)a.Start[r * product.ARow + t * product.ATerm] * b.Start[t * columns + n];
                sums[r * columns + n] = (float)sum;
            }
        }

        foreach (SimdLevel level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            Multiply<Plain>(level, product);
            Check((sum, _) => sum);
            Multiply<Relu>(level, product);
            Check((sum, _) => Math.Max(sum, 0));
            Multiply<WherePositive>(level, product);
            Check((sum, y) => y > 0 ? 1.5f * sum : 0);
            Multiply<TimesGate>(level, product);
            Check((sum, y) => y * sum);
        }

        void Check(Func<float, float, float> end)
        {
            for (int i = 0; i < sums.Length; i++) Assert.Equal(end(sums[i], gate.Start[i]), c.Start[i], 1e-4f);
        }
    }

    private static void Multiply<TEpilogue>(SimdLevel level, MatrixProduct product)
        where TEpilogue : IGemmEpilogue
    {
        PrefetchList none = default;
        if (level == SimdLevel.Avx512) BlockedGemm<Simd512, Vector512<float>>.Multiply<TEpilogue>(in product, ref none);
        else if (level == SimdLevel.Avx2) BlockedGemm<Simd256, Vector256<float>>.Multiply<TEpilogue>(in product, ref none);
        else BlockedGemm<Simd128, Vector128<float>>.Multiply<TEpilogue>(in product, ref none);
    }
}
