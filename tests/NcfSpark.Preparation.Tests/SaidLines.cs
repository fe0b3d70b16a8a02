using NcfSpark.Data;

namespace NcfSpark.Preparation.Tests;

/// <summary>Keeps the lines that are said.</summary>
internal sealed class SaidLines : IProgressReporter
{
    public List<string> Lines { get; } = [];

    public IProgressTask Start(string title, long total, string unit) => SilentProgress.Instance.Start(title, total, unit);

    public void Line(string text) => Lines.Add(text);
}
