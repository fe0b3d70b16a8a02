using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NcfSpark.Kernels;

/// <summary>Chooses the instruction set. Results of different sets differ by rounding alone; each gives the same bytes from run to run.</summary>
public static class SimdLevels
{
    /// <summary>Forces a set, so that each can be tested on one machine: avx512, avx2 or portable.</summary>
    public const string Variable = "NCFSPARK_SIMD";

    /// <summary>Whether this processor has vectors at all.</summary>
    public static bool IsAccelerated => Vector128.IsHardwareAccelerated;

    /// <summary>The widest set that this processor runs at full speed.</summary>
    public static SimdLevel Best => IsSupported(SimdLevel.Avx512) ? SimdLevel.Avx512 : IsSupported(SimdLevel.Avx2) ? SimdLevel.Avx2 : SimdLevel.Portable;

    /// <summary>Whether this processor has the set, and .NET uses it (which it does not on processors that slow down for it).</summary>
    public static bool IsSupported(SimdLevel level) => level switch
    {
        SimdLevel.Avx512 => Vector512.IsHardwareAccelerated && Avx512F.IsSupported,
        SimdLevel.Avx2 => Vector256.IsHardwareAccelerated && Fma.IsSupported,
        _ => true,
    };

    /// <summary>The set that the environment forces, or the best.</summary>
    /// <exception cref="PlatformNotSupportedException">The forced set is unknown, or this processor lacks it.</exception>
    public static SimdLevel FromEnvironment() => Choose(Environment.GetEnvironmentVariable(Variable));

    /// <summary>The set of that name, or the best where it is empty.</summary>
    /// <exception cref="PlatformNotSupportedException">It is unknown, or this processor lacks it.</exception>
    public static SimdLevel Choose(string? name)
    {
        if (string.IsNullOrEmpty(name)) return Best;
        if (!Enum.TryParse(name, ignoreCase: true, out SimdLevel level) || !Enum.IsDefined(level)) throw new PlatformNotSupportedException($"{Variable} is \"{name}\"; it may be avx512, avx2 or portable, or be left away to take the best there is.");
        if (!IsSupported(level)) throw new PlatformNotSupportedException($"{Variable} is \"{name}\", which this processor does not have; the best it has is {Best.ToString().ToLowerInvariant()}.");
        return level;
    }
}
