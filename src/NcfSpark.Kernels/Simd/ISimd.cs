namespace NcfSpark.Kernels;

/// <summary>
/// What the kernels ask of a processor's vectors. The kernels are written once over an instruction set S and its vector V; the compiler makes
/// one version for each set, with every call here replaced by its instruction. What loops over vectors is compiled by itself (NoInlining): the
/// compiler inlines so much into one method and no more, and past that limit a caller that took in its kernels would call for each vector.
/// </summary>
/// <typeparam name="V">A vector of floats.</typeparam>
internal unsafe interface ISimd<V>
    where V : struct
{
    /// <summary>Floats of a vector: 16, 8 or 4. Divides <see cref="Padding.Lanes"/>.</summary>
    static abstract int Lanes { get; }

    static abstract V Load(float* address);

    static abstract void Store(V values, float* address);

    /// <summary>Stores past the caches, to an aligned address: the line is not fetched first from whoever has it. Other threads see it after this one's next interlocked operation.</summary>
    static abstract void Stream(V values, float* address);

    static abstract V Broadcast(float value);

    static abstract V Add(V a, V b);

    static abstract V Subtract(V a, V b);

    static abstract V Multiply(V a, V b);

    static abstract V Divide(V a, V b);

    /// <summary>a · b + c, rounded once where the processor can.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>max(0, a); no number stays no number, so that a loss shows it.</summary>
    static abstract V Relu(V a);

    static abstract V Abs(V a);

    static abstract V Exp(V a);

    static abstract V Log(V a);

    static abstract float Sum(V a);

    /// <summary>Lane by lane: gate > 0 ? value : 0, which is the gradient of ReLU where the gate is its input or its output.</summary>
    static abstract V WherePositive(V gate, V values);

    /// <summary>A bit for each lane, the first lowest: 1 unless value ≤ bound. Where either is no number it is 1.</summary>
    static abstract uint NotAtMost(V values, V bound);

    /// <summary>a, or 0 where it is smaller than a normal number of 24 bits, that is, where its exponent's bits are 0.</summary>
    static abstract V ZeroIfSubnormal(V a);

    /// <summary>sqrt(a) · factor + addend, the root to within a unit or two of the last place; that of 0 may be anything up to 1e-19.</summary>
    static abstract V Root(V a, V factor, V addend);

    /// <summary>a / b, to within a unit or two of the last place.</summary>
    static abstract V Quotient(V a, V b);

    /// <summary>These bits in every lane.</summary>
    static abstract V Bits(uint bits);

    /// <summary><see cref="DropoutHash.Hash"/> of counter, counter + 1, …, one a lane, as bits.</summary>
    /// <param name="start">The counter plus the first key.</param>
    /// <param name="key1">The second key's bits.</param>
    static abstract V Hash(uint start, V key1);

    /// <summary>The values whose hash has low 16 bits of at least <see cref="DropoutHash.Dropped"/>; 0 for the others.</summary>
    /// <param name="hash">The hashes.</param>
    /// <param name="bound">The bits of Dropped · 65,536, with which the hash's high half is compared as it is, and its low half after a shift.</param>
    /// <param name="values">The values.</param>
    static abstract V KeepByLowBits(V hash, V bound, V values);

    /// <summary>The same by the high 16 bits.</summary>
    static abstract V KeepByHighBits(V hash, V bound, V values);
}
