namespace NcfSpark.Kernels;

/// <summary>
/// One product on packed arrays: C[r, c] = start[r, c] + Σ_t A[r, t] · B[t, c], then what the caller does with each
/// sum.
/// The three of a layer from K inputs to N outputs, on a tile of 32 samples:
/// <code>
///              rows r   terms t   columns c   A[r, t]              B[t, c]            start
/// forward      samples  inputs    outputs     X[r, t]              Wᵀ[t, c]           the bias, for all rows (StartRow 0)
/// backward     samples  outputs   inputs      dY[r, t]             W[t, c]            0
/// of weights   outputs  samples   inputs      dY[t, r] (ARow 1)    X[t, c]            the sum so far
/// </code>
/// </summary>
internal unsafe struct MatrixProduct
{
    /// <summary>A[r, t] is A[r · ARow + t · ATerm].</summary>
    public float* A;
    public int ARow;
    public int ATerm;

    /// <summary>B[t, c] is B[t · BTerm + c].</summary>
    public float* B;
    public int BTerm;

    /// <summary>C[r, c] is C[r · CRow + c].</summary>
    public float* C;
    public int CRow;

    /// <summary>start[r, c] is Start[r · StartRow + c].</summary>
    public float* Start;
    public int StartRow;

    /// <summary>A value for each of C, which <see cref="IGemmEpilogue"/> uses: Gate[r · GateRow + c].</summary>
    public float* Gate;
    public int GateRow;

    /// <summary>The factor that <see cref="IGemmEpilogue"/> uses.</summary>
    public float Scale;

    /// <summary>A multiple of 8.</summary>
    public int Rows;
    public int Terms;

    /// <summary>A multiple of 16.</summary>
    public int Columns;
}
