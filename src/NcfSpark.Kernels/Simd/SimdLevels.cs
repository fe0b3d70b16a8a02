using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NcfSpark.Kernels;

/// <summary>
/// Chooses the instruction set. Results of different sets differ by rounding only; one set always gives the same bytes.
/// </summary>
public static class SimdLevels
{
    /// <summary>
    /// Environment variable that forces a set (avx512, avx2 or portable), so that each can be tested on one machine.
    /// </summary>
    public const string Variable = "NCFSPARK_SIMD";

    /// <summary>Whether this processor has vectors at all.</summary>
    public static bool IsAccelerated => Vector128.IsHardwareAccelerated;

    /// <summary>The widest set that is supported.</summary>
    public static SimdLevel Best => IsSupported(SimdLevel.Avx512) ? SimdLevel.Avx512 : IsSupported(SimdLevel.Avx2) ? SimdLevel.Avx2 : SimdLevel.Portable;

    /// <summary>
    /// Whether this processor has the set and .NET uses it. .NET does not use AVX-512 on processors that lower their
    /// clock for it.
    /// </summary>
    public static bool IsSupported(SimdLevel level) => level switch
    {
        SimdLevel.Avx512 => Vector512.IsHardwareAccelerated && Avx512F.IsSupported,
        SimdLevel.Avx2 => Vector256.IsHardwareAccelerated && Fma.IsSupported,
        _ => true,
    };

    /// <summary>The set that the environment forces, or the best.</summary>
    /// <exception cref="PlatformNotSupportedException">The forced set is unknown, or this processor lacks
    /// it.</exception>
    public static SimdLevel FromEnvironment() => Choose(Environment.GetEnvironmentVariable(Variable));

    /// <summary>The set of a name; the best one if the name is empty.</summary>
    /// <exception cref="PlatformNotSupportedException">The set is unknown, or this processor lacks it.</exception>
    public static SimdLevel Choose(string? name)
    {
        if (string.IsNullOrEmpty(name)) return Best;
        if (!Enum.TryParse(name, ignoreCase: true, out SimdLevel level) || !Enum.IsDefined(level))
        {
            throw new PlatformNotSupportedException(
                $"{Variable} is \"{name}\"; it may be avx512, avx2 or portable, or be left away to take the best there is.");
        }

        if (!IsSupported(level))
        {
            throw new PlatformNotSupportedException(
                $"{Variable} is \"{name}\", which this processor does not have; the best it has is {Best.ToString().ToLowerInvariant()}.");
        }

        return level;
    }
}

/// <summary>The instruction set of the kernels.</summary>
public enum SimdLevel
{
    /// <summary>Vectors of 128 bits: SSE, NEON, or software.</summary>
    Portable,

    /// <summary>Vectors of 256 bits.</summary>
    Avx2,

    /// <summary>Vectors of 512 bits.</summary>
    Avx512,
}
