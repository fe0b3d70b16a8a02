using System.Runtime.CompilerServices;

namespace NcfSpark.Kernels;

/// <summary>What a matrix product does with each sum before it stores it (<see cref="MatrixProduct"/>).</summary>
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
/// Back through ReLU and dropout: y > 0 ? sum · scale : 0, where y, the gate, is the output of the layer: 0 in a lane
/// that dropout dropped, and multiplied by the scale in a lane that it kept.
/// </summary>
internal readonly unsafe struct WherePositive : IGemmEpilogue
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Finish<S, V>(V sum, float* gate, V scale)
        where S : ISimd<V>
        where V : struct => S.WherePositive(S.Load(gate), S.Multiply(sum, scale));
}

/// <summary>
/// Back through dropout and ReLU of the MLP's input: sum · gate, where the gate is the factor that was stored for each
/// lane.
/// </summary>
internal readonly unsafe struct TimesGate : IGemmEpilogue
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Finish<S, V>(V sum, float* gate, V scale)
        where S : ISimd<V>
        where V : struct => S.Multiply(sum, S.Load(gate));
}
