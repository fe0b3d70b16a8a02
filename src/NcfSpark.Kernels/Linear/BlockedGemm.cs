using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// <see cref="MatrixProduct"/> in register blocks. A block of C keeps R rows x v vectors of sums in registers while it
/// runs through the terms. Each term loads v vectors of B and broadcasts R values of A for R · v multiplications, so
/// arithmetic is the bottleneck, not loading.
/// AVX-512 has 32 registers: 16 sums, v of B and 1 of A fit, and one multiplication a cycle with a latency of 4 is kept
/// busy from 4 sums on.
/// AVX2 has 16, and two multiplications a cycle: 4 x 2 = 8 sums. NEON has 32 of 4 floats: 4 x 4.
/// </summary>
internal static unsafe class BlockedGemm<S, V>
    where S : ISimd<V>
    where V : struct
{
    // Terms per panel: 64 rows of B, 64 columns wide, are 16 KB, half of a first-level cache. They are read again for
    // each block of rows.
    private const int TermsAtOnce = 64;

    /// <summary>Computes the product.</summary>
    /// <param name="prefetch">Advances by one record for each block.</param>
    public static void Multiply<TEpilogue>(in MatrixProduct product, ref PrefetchList prefetch)
        where TEpilogue : IGemmEpilogue => Multiply<TEpilogue, TermsInOrder>(in product, ref prefetch);

    /// <summary>Computes the product, with the rows of B where <typeparamref name="TTerms"/> finds them.</summary>
    /// <param name="prefetch">Advances by one record for each block.</param>
    public static void Multiply<TEpilogue, TTerms>(in MatrixProduct product, ref PrefetchList prefetch)
        where TEpilogue : IGemmEpilogue
        where TTerms : struct, IGemmTerms<TTerms>
    {
        MatrixProduct part = product;
        for (int column = 0, width; column < product.Columns; column += width)
        {
            int left = product.Columns - column;
            width = S.Lanes < Padding.Lanes ? Padding.Lanes : left >= 64 ? 64 : left >= 32 ? 32 : 16;
            part.A = product.A;
            part.B = product.B;
            part.BRows = product.BRows;
            part.Start = product.Start;
            part.StartRow = product.StartRow;
            for (int term = 0; term < product.Terms; term += TermsAtOnce)
            {
                part.Terms = Math.Min(TermsAtOnce, product.Terms - term);
                if (term + TermsAtOnce < product.Terms) Panel<Plain, TTerms>(in part, column, width, ref prefetch);
                else Panel<TEpilogue, TTerms>(in part, column, width, ref prefetch);
                part.A += part.Terms * product.ATerm;
                if (typeof(TTerms) == typeof(ListedTerms)) part.BRows += part.Terms;
                else part.B += part.Terms * product.BTerm;
                part.Start = product.C; // go on from the sum so far
                part.StartRow = product.CRow;
            }
        }
    }

    private static void Panel<TEpilogue, TTerms>(ref readonly MatrixProduct p, int column, int width, ref PrefetchList prefetch)
        where TEpilogue : IGemmEpilogue
        where TTerms : struct, IGemmTerms<TTerms>
    {
        switch (width / S.Lanes)
        {
            case 1: Rows8Vectors1<TEpilogue, TTerms>(in p, column, ref prefetch); break;
            case 2 when S.Lanes == 8: Rows4Vectors2<TEpilogue, TTerms>(in p, column, ref prefetch); break;
            case 2: Rows8Vectors2<TEpilogue, TTerms>(in p, column, ref prefetch); break;
            default: Rows4Vectors4<TEpilogue, TTerms>(in p, column, ref prefetch); break;
        }
    }

    // 64 columns with AVX-512, 16 with vectors of 4.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rows4Vectors4<TEpilogue, TTerms>(ref readonly MatrixProduct p, int column, ref PrefetchList prefetch)
        where TEpilogue : IGemmEpilogue
        where TTerms : struct, IGemmTerms<TTerms>
    {
        int terms = p.Terms, l = S.Lanes;
        nint aTerm = p.ATerm, end = terms * aTerm;
        V scale = S.Broadcast(p.Scale);
        for (int r = 0; r < p.Rows; r += 4)
        {
            prefetch.One();
            float* start = p.Start + (nint)r * p.StartRow + column;
            V c00 = S.Load(start), c01 = S.Load(start + l), c02 = S.Load(start + 2 * l), c03 = S.Load(start + 3 * l);
            start += p.StartRow;
            V c10 = S.Load(start), c11 = S.Load(start + l), c12 = S.Load(start + 2 * l), c13 = S.Load(start + 3 * l);
            start += p.StartRow;
            V c20 = S.Load(start), c21 = S.Load(start + l), c22 = S.Load(start + 2 * l), c23 = S.Load(start + 3 * l);
            start += p.StartRow;
            V c30 = S.Load(start), c31 = S.Load(start + l), c32 = S.Load(start + 2 * l), c33 = S.Load(start + 3 * l);
            float* a0 = p.RowOfA(r), a1 = p.RowOfA(r + 1), a2 = p.RowOfA(r + 2), a3 = p.RowOfA(r + 3);
            TTerms rows = TTerms.Start(in p, column);
            nint at = 0;
            do
            {
                float* b = rows.Next();
                V b0 = S.Load(b), b1 = S.Load(b + l), b2 = S.Load(b + 2 * l), b3 = S.Load(b + 3 * l);
                V a = S.Broadcast(a0[at]);
                c00 = S.MultiplyAdd(a, b0, c00);
                c01 = S.MultiplyAdd(a, b1, c01);
                c02 = S.MultiplyAdd(a, b2, c02);
                c03 = S.MultiplyAdd(a, b3, c03);
                a = S.Broadcast(a1[at]);
                c10 = S.MultiplyAdd(a, b0, c10);
                c11 = S.MultiplyAdd(a, b1, c11);
                c12 = S.MultiplyAdd(a, b2, c12);
                c13 = S.MultiplyAdd(a, b3, c13);
                a = S.Broadcast(a2[at]);
                c20 = S.MultiplyAdd(a, b0, c20);
                c21 = S.MultiplyAdd(a, b1, c21);
                c22 = S.MultiplyAdd(a, b2, c22);
                c23 = S.MultiplyAdd(a, b3, c23);
                a = S.Broadcast(a3[at]);
                c30 = S.MultiplyAdd(a, b0, c30);
                c31 = S.MultiplyAdd(a, b1, c31);
                c32 = S.MultiplyAdd(a, b2, c32);
                c33 = S.MultiplyAdd(a, b3, c33);
                at += aTerm;
            }
            while (at != end);

            float* y = p.C + (nint)r * p.CRow + column, gate = p.Gate + (nint)r * p.GateRow + column;
            S.Store(TEpilogue.Finish<S, V>(c00, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c01, gate + l, scale), y + l);
            S.Store(TEpilogue.Finish<S, V>(c02, gate + 2 * l, scale), y + 2 * l);
            S.Store(TEpilogue.Finish<S, V>(c03, gate + 3 * l, scale), y + 3 * l);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c10, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c11, gate + l, scale), y + l);
            S.Store(TEpilogue.Finish<S, V>(c12, gate + 2 * l, scale), y + 2 * l);
            S.Store(TEpilogue.Finish<S, V>(c13, gate + 3 * l, scale), y + 3 * l);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c20, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c21, gate + l, scale), y + l);
            S.Store(TEpilogue.Finish<S, V>(c22, gate + 2 * l, scale), y + 2 * l);
            S.Store(TEpilogue.Finish<S, V>(c23, gate + 3 * l, scale), y + 3 * l);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c30, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c31, gate + l, scale), y + l);
            S.Store(TEpilogue.Finish<S, V>(c32, gate + 2 * l, scale), y + 2 * l);
            S.Store(TEpilogue.Finish<S, V>(c33, gate + 3 * l, scale), y + 3 * l);
        }
    }

    // 32 columns with AVX-512.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rows8Vectors2<TEpilogue, TTerms>(ref readonly MatrixProduct p, int column, ref PrefetchList prefetch)
        where TEpilogue : IGemmEpilogue
        where TTerms : struct, IGemmTerms<TTerms>
    {
        int terms = p.Terms, l = S.Lanes;
        nint aTerm = p.ATerm, end = terms * aTerm;
        V scale = S.Broadcast(p.Scale);
        for (int r = 0; r < p.Rows; r += 8)
        {
            prefetch.One();
            float* start = p.Start + (nint)r * p.StartRow + column;
            V c00 = S.Load(start), c01 = S.Load(start + l);
            start += p.StartRow;
            V c10 = S.Load(start), c11 = S.Load(start + l);
            start += p.StartRow;
            V c20 = S.Load(start), c21 = S.Load(start + l);
            start += p.StartRow;
            V c30 = S.Load(start), c31 = S.Load(start + l);
            start += p.StartRow;
            V c40 = S.Load(start), c41 = S.Load(start + l);
            start += p.StartRow;
            V c50 = S.Load(start), c51 = S.Load(start + l);
            start += p.StartRow;
            V c60 = S.Load(start), c61 = S.Load(start + l);
            start += p.StartRow;
            V c70 = S.Load(start), c71 = S.Load(start + l);
            float* a0 = p.RowOfA(r), a1 = p.RowOfA(r + 1), a2 = p.RowOfA(r + 2), a3 = p.RowOfA(r + 3),
                a4 = p.RowOfA(r + 4), a5 = p.RowOfA(r + 5), a6 = p.RowOfA(r + 6), a7 = p.RowOfA(r + 7);
            TTerms rows = TTerms.Start(in p, column);
            nint at = 0;
            do
            {
                float* b = rows.Next();
                V b0 = S.Load(b), b1 = S.Load(b + l);
                V a = S.Broadcast(a0[at]);
                c00 = S.MultiplyAdd(a, b0, c00);
                c01 = S.MultiplyAdd(a, b1, c01);
                a = S.Broadcast(a1[at]);
                c10 = S.MultiplyAdd(a, b0, c10);
                c11 = S.MultiplyAdd(a, b1, c11);
                a = S.Broadcast(a2[at]);
                c20 = S.MultiplyAdd(a, b0, c20);
                c21 = S.MultiplyAdd(a, b1, c21);
                a = S.Broadcast(a3[at]);
                c30 = S.MultiplyAdd(a, b0, c30);
                c31 = S.MultiplyAdd(a, b1, c31);
                a = S.Broadcast(a4[at]);
                c40 = S.MultiplyAdd(a, b0, c40);
                c41 = S.MultiplyAdd(a, b1, c41);
                a = S.Broadcast(a5[at]);
                c50 = S.MultiplyAdd(a, b0, c50);
                c51 = S.MultiplyAdd(a, b1, c51);
                a = S.Broadcast(a6[at]);
                c60 = S.MultiplyAdd(a, b0, c60);
                c61 = S.MultiplyAdd(a, b1, c61);
                a = S.Broadcast(a7[at]);
                c70 = S.MultiplyAdd(a, b0, c70);
                c71 = S.MultiplyAdd(a, b1, c71);
                at += aTerm;
            }
            while (at != end);

            float* y = p.C + (nint)r * p.CRow + column, gate = p.Gate + (nint)r * p.GateRow + column;
            S.Store(TEpilogue.Finish<S, V>(c00, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c01, gate + l, scale), y + l);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c10, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c11, gate + l, scale), y + l);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c20, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c21, gate + l, scale), y + l);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c30, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c31, gate + l, scale), y + l);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c40, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c41, gate + l, scale), y + l);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c50, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c51, gate + l, scale), y + l);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c60, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c61, gate + l, scale), y + l);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c70, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c71, gate + l, scale), y + l);
        }
    }

    // 16 columns with AVX-512.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rows8Vectors1<TEpilogue, TTerms>(ref readonly MatrixProduct p, int column, ref PrefetchList prefetch)
        where TEpilogue : IGemmEpilogue
        where TTerms : struct, IGemmTerms<TTerms>
    {
        int terms = p.Terms, l = S.Lanes;
        nint aTerm = p.ATerm, end = terms * aTerm;
        V scale = S.Broadcast(p.Scale);
        for (int r = 0; r < p.Rows; r += 8)
        {
            prefetch.One();
            float* start = p.Start + (nint)r * p.StartRow + column;
            V c00 = S.Load(start);
            start += p.StartRow;
            V c10 = S.Load(start);
            start += p.StartRow;
            V c20 = S.Load(start);
            start += p.StartRow;
            V c30 = S.Load(start);
            start += p.StartRow;
            V c40 = S.Load(start);
            start += p.StartRow;
            V c50 = S.Load(start);
            start += p.StartRow;
            V c60 = S.Load(start);
            start += p.StartRow;
            V c70 = S.Load(start);
            float* a0 = p.RowOfA(r), a1 = p.RowOfA(r + 1), a2 = p.RowOfA(r + 2), a3 = p.RowOfA(r + 3),
                a4 = p.RowOfA(r + 4), a5 = p.RowOfA(r + 5), a6 = p.RowOfA(r + 6), a7 = p.RowOfA(r + 7);
            TTerms rows = TTerms.Start(in p, column);
            nint at = 0;
            do
            {
                float* b = rows.Next();
                V b0 = S.Load(b);
                c00 = S.MultiplyAdd(S.Broadcast(a0[at]), b0, c00);
                c10 = S.MultiplyAdd(S.Broadcast(a1[at]), b0, c10);
                c20 = S.MultiplyAdd(S.Broadcast(a2[at]), b0, c20);
                c30 = S.MultiplyAdd(S.Broadcast(a3[at]), b0, c30);
                c40 = S.MultiplyAdd(S.Broadcast(a4[at]), b0, c40);
                c50 = S.MultiplyAdd(S.Broadcast(a5[at]), b0, c50);
                c60 = S.MultiplyAdd(S.Broadcast(a6[at]), b0, c60);
                c70 = S.MultiplyAdd(S.Broadcast(a7[at]), b0, c70);
                at += aTerm;
            }
            while (at != end);

            float* y = p.C + (nint)r * p.CRow + column, gate = p.Gate + (nint)r * p.GateRow + column;
            S.Store(TEpilogue.Finish<S, V>(c00, gate, scale), y);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c10, gate, scale), y);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c20, gate, scale), y);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c30, gate, scale), y);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c40, gate, scale), y);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c50, gate, scale), y);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c60, gate, scale), y);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c70, gate, scale), y);
        }
    }

    // 16 columns with AVX2.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Rows4Vectors2<TEpilogue, TTerms>(ref readonly MatrixProduct p, int column, ref PrefetchList prefetch)
        where TEpilogue : IGemmEpilogue
        where TTerms : struct, IGemmTerms<TTerms>
    {
        int terms = p.Terms, l = S.Lanes;
        nint aTerm = p.ATerm, end = terms * aTerm;
        V scale = S.Broadcast(p.Scale);
        for (int r = 0; r < p.Rows; r += 4)
        {
            prefetch.One();
            float* start = p.Start + (nint)r * p.StartRow + column;
            V c00 = S.Load(start), c01 = S.Load(start + l);
            start += p.StartRow;
            V c10 = S.Load(start), c11 = S.Load(start + l);
            start += p.StartRow;
            V c20 = S.Load(start), c21 = S.Load(start + l);
            start += p.StartRow;
            V c30 = S.Load(start), c31 = S.Load(start + l);
            float* a0 = p.RowOfA(r), a1 = p.RowOfA(r + 1), a2 = p.RowOfA(r + 2), a3 = p.RowOfA(r + 3);
            TTerms rows = TTerms.Start(in p, column);
            nint at = 0;
            do
            {
                float* b = rows.Next();
                V b0 = S.Load(b), b1 = S.Load(b + l);
                V a = S.Broadcast(a0[at]);
                c00 = S.MultiplyAdd(a, b0, c00);
                c01 = S.MultiplyAdd(a, b1, c01);
                a = S.Broadcast(a1[at]);
                c10 = S.MultiplyAdd(a, b0, c10);
                c11 = S.MultiplyAdd(a, b1, c11);
                a = S.Broadcast(a2[at]);
                c20 = S.MultiplyAdd(a, b0, c20);
                c21 = S.MultiplyAdd(a, b1, c21);
                a = S.Broadcast(a3[at]);
                c30 = S.MultiplyAdd(a, b0, c30);
                c31 = S.MultiplyAdd(a, b1, c31);
                at += aTerm;
            }
            while (at != end);

            float* y = p.C + (nint)r * p.CRow + column, gate = p.Gate + (nint)r * p.GateRow + column;
            S.Store(TEpilogue.Finish<S, V>(c00, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c01, gate + l, scale), y + l);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c10, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c11, gate + l, scale), y + l);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c20, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c21, gate + l, scale), y + l);
            y += p.CRow;
            gate += p.GateRow;
            S.Store(TEpilogue.Finish<S, V>(c30, gate, scale), y);
            S.Store(TEpilogue.Finish<S, V>(c31, gate + l, scale), y + l);
        }
    }
}
