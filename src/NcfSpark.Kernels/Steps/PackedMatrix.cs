namespace NcfSpark.Kernels;

/// <summary>Columns of a plain matrix and where they lie in packed memory.</summary>
/// <param name="start">Its first value in packed memory.</param>
/// <param name="rowWidth">Floats from row to row there.</param>
/// <param name="rows">Rows.</param>
/// <param name="columns">Columns of this part.</param>
/// <param name="plainColumn">The first of them in the plain matrix.</param>
/// <param name="plainColumns">All columns of the plain matrix.</param>
internal readonly unsafe struct PackedMatrix(float* start, long rowWidth, int rows, int columns, int plainColumn, int plainColumns)
{
    public int Rows => rows;

    public int Columns => columns;

    public Span<float> Row(int row) => new(start + row * rowWidth, columns);

    public int PlainAt(int row) => checked(row * plainColumns + plainColumn);
}
