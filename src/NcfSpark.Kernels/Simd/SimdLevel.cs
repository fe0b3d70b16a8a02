namespace NcfSpark.Kernels;

/// <summary>Which instructions the kernels use.</summary>
public enum SimdLevel
{
    /// <summary>Vectors of 128 bits: SSE, NEON, or what .NET makes of them elsewhere.</summary>
    Portable,

    /// <summary>Vectors of 256 bits.</summary>
    Avx2,

    /// <summary>Vectors of 512 bits.</summary>
    Avx512,
}
