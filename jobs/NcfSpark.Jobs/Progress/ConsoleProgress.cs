using System.Text;
using NcfSpark.Core;
using Spectre.Console;

namespace NcfSpark.Jobs.Progress;

/// <summary>Progress on standard error: a bar where somebody watches a terminal, plain lines where it goes to a file or a log.</summary>
internal static class ConsoleProgress
{
    public static IProgressReporter For(TextWriter error, TimeProvider time)
    {
        bool watched = !Console.IsErrorRedirected && IsUnset("CI") && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        if (!watched) return new PlainProgress(error, time);
        return new BarProgress(
            AnsiConsole.Create(new AnsiConsoleSettings
            {
                Out = new Terminal(error),
                Interactive = InteractionSupport.Yes,
                ColorSystem = IsUnset("NO_COLOR") ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors, // no-color.org
            }),
            time);
    }

    private static bool IsUnset(string variable) => string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable));

    // Spectre takes only Console.Error itself for a terminal, and this writer stands before it.
    private sealed class Terminal(TextWriter error) : IAnsiConsoleOutput
    {
        private readonly AnsiConsoleOutput size = new(error);

        public TextWriter Writer => error;

        public bool IsTerminal => true;

        public int Width => size.Width;

        public int Height => size.Height;

        public void SetEncoding(Encoding encoding) => size.SetEncoding(encoding);
    }
}
