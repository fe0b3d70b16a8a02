using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>What becomes of a sum of <see cref="MatrixProduct"/> before it is stored.</summary>
internal unsafe interface IGemmEpilogue
{
    static abstract V Finish<S, V>(V sum, float* gate, V scale)
        where S : ISimd<V>
        where V : struct;
}

/// <summary>The sum itself.</summary>
internal readonly unsafe struct Plain : IGemmEpilogue
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Finish<S, V>(V sum, float* gate, V scale)
        where S : ISimd<V>
        where V : struct => sum;
}

/// <summary>max(sum, 0).</summary>
internal readonly unsafe struct Relu : IGemmEpilogue
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Finish<S, V>(V sum, float* gate, V scale)
        where S : ISimd<V>
        where V : struct => S.Relu(sum);
}

/// <summary>
/// Back through ReLU and dropout: y > 0 ? sum · scale : 0, where y, the gate, is what the layer gave out. A lane that dropout dropped is 0
/// there, and one that it kept was multiplied by the scale.
/// </summary>
internal readonly unsafe struct WherePositive : IGemmEpilogue
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Finish<S, V>(V sum, float* gate, V scale)
        where S : ISimd<V>
        where V : struct => S.WherePositive(S.Load(gate), S.Multiply(sum, scale));
}

/// <summary>Back through the input's dropout and ReLU, whose factor was stored for each lane: sum · gate.</summary>
internal readonly unsafe struct TimesGate : IGemmEpilogue
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Finish<S, V>(V sum, float* gate, V scale)
        where S : ISimd<V>
        where V : struct => S.Multiply(sum, S.Load(gate));
}
