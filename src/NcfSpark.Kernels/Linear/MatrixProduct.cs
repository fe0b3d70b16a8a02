using System.Runtime.CompilerServices;

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

    /// <summary>Where it is not null, row r of A lies at ARows[r] instead of r: rows of a table, not copied.</summary>
    public int* ARows;

    /// <summary>B[t, c] is B[t · BTerm + c].</summary>
    public float* B;
    public int BTerm;

    /// <summary>With <see cref="ListedTerms"/>, row t of B lies at BRows[t] instead of t.</summary>
    public int* BRows;

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

    /// <summary>The address of A[r, 0].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float* RowOfA(int r) => A + (nint)(ARows is null ? r : ARows[r]) * ARow;
}

/// <summary>How a product comes from one row of B to the next.</summary>
internal unsafe interface IGemmTerms<TSelf>
    where TSelf : struct, IGemmTerms<TSelf>
{
    static abstract TSelf Start(in MatrixProduct product, int column);

    /// <summary>The address of the next row.</summary>
    float* Next();
}

/// <summary>The rows of B lie one after the other.</summary>
internal unsafe struct TermsInOrder : IGemmTerms<TermsInOrder>
{
    private float* next;
    private nint step;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TermsInOrder Start(in MatrixProduct product, int column) => new() { next = product.B + column, step = product.BTerm };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Next()
    {
        float* row = next;
        next += step;
        return row;
    }
}

/// <summary>The rows of B are those of a table at <see cref="MatrixProduct.BRows"/>.</summary>
internal unsafe struct ListedTerms : IGemmTerms<ListedTerms>
{
    private float* table;
    private int* next;
    private nint step;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ListedTerms Start(in MatrixProduct product, int column) =>
        new() { table = product.B + column, next = product.BRows, step = product.BTerm };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Next() => table + *next++ * step;
}
