using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>The view of <see cref="ISqlEngine.TryReadPlainCsv"/> over an input's CSV files: to be believed where all of its lines are plain.</summary>
/// <param name="View">The view's name.</param>
/// <param name="LinesOfNames">How many lines of names the files have.</param>
internal sealed record PlainLines(string View, long LinesOfNames)
{
    /// <summary>Makes the view; null where the engine has none.</summary>
    public static PlainLines? Open(ISqlEngine engine, string view, InputFiles files, CsvLayout layout, Func<string> names, Func<long> fileCount)
    {
        string plain = $"{view}_plain";
        return engine.TryReadPlainCsv(plain, files.Paths, layout, layout.Header ? names() : null) ? new PlainLines(plain, layout.Header ? fileCount() : 0) : null;
    }
}
