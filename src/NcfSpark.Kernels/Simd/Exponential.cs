using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>
/// e^x in single precision, right to two units of the last place, several times as fast as .NET's, which computes in
/// double precision.
/// <code>
/// n = x / ln 2, rounded      r = x - n ln 2, within ± ln 2 / 2      e^x = 2^n e^r
/// </code>
/// e^r is 1 + r + r² p(r), with the polynomial of degree 5 of the Cephes library (S. L. Moshier, expf). ln 2 is taken
/// off in two parts, of which the first has so few bits that its product with n is exact.
/// Example: x = -10: n = -14, r = -10 + 14 · .693147 = -.295939, e^r = .743832, and e^x = .743832 / 16,384 = .0000454.
/// At and below -87.33 the result is 0, so that it is never subnormal; above 88.37 it is infinite. NaN stays NaN.
/// </summary>
internal static class Exponential<S, V>
    where S : ISimd<V>
    where V : struct
{
    private const float Least = -87.33f, Most = 88.37f;
    private const float Shift = 12582912; // 1.5 · 2^23: a sum with it has no bits below 1, so it rounds

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of(V x)
    {
        V shifted = S.MultiplyAdd(x, S.Broadcast(1.44269504f), S.Broadcast(Shift)), n = S.Subtract(shifted, S.Broadcast(Shift));
        V r = S.MultiplyAdd(n, S.Broadcast(-0.693359375f), x);
        r = S.MultiplyAdd(n, S.Broadcast(2.12194440e-4f), r);
        V p = S.MultiplyAdd(S.Broadcast(1.9875691500e-4f), r, S.Broadcast(1.3981999507e-3f));
        p = S.MultiplyAdd(p, r, S.Broadcast(8.3334519073e-3f));
        p = S.MultiplyAdd(p, r, S.Broadcast(4.1665795894e-2f));
        p = S.MultiplyAdd(p, r, S.Broadcast(1.6666665459e-1f));
        p = S.MultiplyAdd(p, r, S.Broadcast(5.0000001201e-1f));
        p = S.Add(S.MultiplyAdd(p, S.Multiply(r, r), r), S.Broadcast(1));
        return S.TimesPowerOfTwo(p, shifted, x, Least, Most);
    }
}
