using System.Text;
using NcfSpark.Core;

namespace NcfSpark.Jobs.Progress;

/// <summary>
/// Standard output or standard error whose failures do not stop the work. On a full disk, a closed descriptor or a closed terminal, text that cannot be
/// written is lost, and the next line is tried again. (.NET itself ignores EPIPE.)
/// </summary>
internal sealed class ConsoleText(TextWriter stream) : TextWriter
{
    private volatile FileFailure? failure;

    public override Encoding Encoding => stream.Encoding;

    /// <summary>Why something was lost; null where nothing was.</summary>
    public FileFailure? Failure => failure;

    public override void Write(char value) => Try(() => stream.Write(value));

    public override void Write(string? value) => Try(() => stream.Write(Shown(value)));

    public override void Write(char[] buffer, int index, int count) => Try(() => stream.Write(buffer, index, count));

    public override void WriteLine() => Try(() => stream.WriteLine());

    public override void WriteLine(string? value) => Try(() => stream.WriteLine(Shown(value)));

    public override void Flush() => Try(stream.Flush);

    // Where a run lives in object storage, people know its place, and not the working copy.
    private static string? Shown(string? text) => text is null ? null : RunStore.WithPlaces(text);

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            failure = FileFailure.Of(cause) ?? new FileFailure(FileFault.Other, cause.Message);
        }
    }
}
