namespace NcfSpark.Kernels;

/// <summary>
/// The vector operations of the kernels. Kernels are written once, generic over an instruction set S and its vector
/// type V. The just-in-time compiler makes a version for each set, in which every call here is one instruction or a
/// few. Methods that loop over vectors are marked NoInlining: the compiler has a budget for inlining within one method,
/// and a caller that inlined whole kernels would exceed it and then make a real call for every vector.
/// </summary>
/// <typeparam name="V">A vector of floats.</typeparam>
internal unsafe interface ISimd<V>
    where V : struct
{
    /// <summary>Floats of a vector: 16, 8 or 4; a divisor of <see cref="Padding.Lanes"/>.</summary>
    static abstract int Lanes { get; }

    static abstract V Load(float* address);

    static abstract void Store(V values, float* address);

    /// <summary>
    /// Stores to an aligned address without reading its cache line first. Other threads see the values after this
    /// thread's next interlocked operation.
    /// </summary>
    static abstract void Stream(V values, float* address);

    static abstract V Broadcast(float value);

    static abstract V Add(V a, V b);

    static abstract V Subtract(V a, V b);

    static abstract V Multiply(V a, V b);

    static abstract V Divide(V a, V b);

    /// <summary>a · b + c, rounded once if the processor has a fused multiply-add.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>max(0, a). NaN stays NaN, so that it shows in the loss.</summary>
    static abstract V Relu(V a);

    /// <summary>The larger in each lane; the second where one is NaN, at least where the processor has vectors.</summary>
    static abstract V Max(V a, V b);

    static abstract V Abs(V a);

    /// <summary>e^a (<see cref="Exponential{S, V}"/>).</summary>
    static abstract V Exp(V a);

    /// <summary>
    /// The last step of <see cref="Exponential{S, V}"/>: values · 2^n, where shifted = 1.5 · 2^23 + n, whose lowest bits are n.
    /// 0 where a is at most <paramref name="least"/>, and infinite where it is more than <paramref name="most"/>.
    /// </summary>
    static abstract V TimesPowerOfTwo(V values, V shifted, V a, float least, float most);

    static abstract V Log(V a);

    static abstract float Sum(V a);

    /// <summary>
    /// Lane by lane: gate > 0 ? value : 0, which is the gradient of ReLU where the gate is its input or its output.
    /// </summary>
    static abstract V WherePositive(V gate, V values);

    /// <summary>
    /// One bit for each lane, the first lane lowest: 1 unless value ≤ bound. NaN on either side gives 1.
    /// </summary>
    static abstract uint NotAtMost(V values, V bound);

    /// <summary>a, with subnormal numbers (whose exponent bits are 0) replaced by 0.</summary>
    static abstract V ZeroIfSubnormal(V a);

    /// <summary>
    /// sqrt(a) · factor + addend. The root is right to a unit or two of the last place; that of 0 may be anything up to
    /// 1e-19.
    /// </summary>
    static abstract V Root(V a, V factor, V addend);

    /// <summary>a / b, right to a unit or two of the last place.</summary>
    static abstract V Quotient(V a, V b);

    /// <summary>These bits in every lane.</summary>
    static abstract V Bits(uint bits);

    /// <summary><see cref="DropoutHash.Hash"/> of counter, counter + 1, …, one a lane, as bits.</summary>
    /// <param name="start">The first counter plus the first key.</param>
    static abstract V Hash(uint start, V key1);

    /// <summary>
    /// Values whose hash has its low 16 bits at or above <see cref="DropoutHash.Dropped"/>; 0 in the other lanes.
    /// </summary>
    /// <param name="bound">The bits of Dropped · 65,536: compared with the hash for its high half, and with the hash
    /// shifted left by 16 for its low half.</param>
    static abstract V KeepByLowBits(V hash, V bound, V values);

    /// <summary>The same by the high 16 bits.</summary>
    static abstract V KeepByHighBits(V hash, V bound, V values);
}
