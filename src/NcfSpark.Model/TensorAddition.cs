using TorchSharp;
using static TorchSharp.torch;

namespace NcfSpark.Model;

/// <summary>
/// a + b, safely. TorchSharp 0.107 passes the factor 1 of an addition to native code as a Scalar that it makes for each
/// call and no longer references: a garbage collection at that moment frees it while it is being read ("Expected false
/// to be true" in toFloat). This happened every few minutes of training on a busy machine. Here the factor is made once
/// and kept. The compiler refuses Scalar, + and - on tensors elsewhere (BannedSymbols.txt).
/// </summary>
internal static class TensorAddition
{
#pragma warning disable RS0030 // the one place that may
    private static readonly Scalar One = 1f;

    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, One);
#pragma warning restore RS0030
}
