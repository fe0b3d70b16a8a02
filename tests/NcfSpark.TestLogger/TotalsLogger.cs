using System.Globalization;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;

namespace NcfSpark.TestLogger;

/// <summary>
/// What `dotnet test` prints: each failure in full as it happens, a line for each project as it ends, and after the last
/// project the totals. Each project has a process of its own with this in it; they share a file.
/// </summary>
[FriendlyName("ncfspark")]
[ExtensionUri("logger://ncfspark/totals")]
public sealed class TotalsLogger : ITestLoggerWithParameters
{
    /// <summary>Parameters, set in tests/Directory.Build.props.</summary>
    public const string Project = "Project", Projects = "Projects", Session = "Session", TotalsFile = "TotalsFile", Note = "Note";

    private readonly TextWriter output;
    private readonly Dictionary<string, int> skips = [];
    private Dictionary<string, string?> parameters;
    private int passed, failed;

    /// <summary>As vstest makes it.</summary>
    public TotalsLogger()
        : this(Console.Out, [])
    {
    }

    internal TotalsLogger(TextWriter output, Dictionary<string, string?> parameters) => (this.output, this.parameters) = (output, parameters);

    public void Initialize(TestLoggerEvents events, string testRunDirectory) => Initialize(events, new Dictionary<string, string?>());

    public void Initialize(TestLoggerEvents events, Dictionary<string, string?> parameters)
    {
        ArgumentNullException.ThrowIfNull(events);
        this.parameters = parameters;
        events.TestResult += (_, of) => Take(of.Result);
        events.TestRunMessage += (_, said) =>
        {
            bool isFailedTest = said.Message?.EndsWith("[FAIL]", StringComparison.Ordinal) == true; // which comes as a result, too
            if (said.Level == TestMessageLevel.Error && !isFailedTest) output.WriteLine(said.Message);
        };
        events.TestRunComplete += (_, end) => Complete(end.IsAborted || end.IsCanceled || end.Error is not null, end.ElapsedTimeInRunningTests);
    }

    internal void Take(TestResult result)
    {
        if (result.Outcome == TestOutcome.Passed)
        {
            passed++;
        }
        else if (result.Outcome == TestOutcome.Skipped)
        {
            string reason = result.ErrorMessage ?? result.Messages.FirstOrDefault()?.Text ?? "";
            reason = reason.Length == 0 ? "No reason was given." : reason.Trim().ReplaceLineEndings(" ");
            skips[reason] = skips.GetValueOrDefault(reason) + 1;
        }
        else
        {
            failed++;
            output.WriteLine(Described(result));
        }
    }

    /// <param name="aborted">The process of the tests ended before they did: that is one failure more, or nobody would see it in the totals.</param>
    internal void Complete(bool aborted, TimeSpan took)
    {
        if (aborted)
        {
            failed++;
            output.WriteLine($"Failed {Name}: its process ended before its tests did. What ended it stands above.");
        }

        var mine = new Totals(passed, failed, skips);
        output.WriteLine($"{Name,-30} {mine.Line}, {Math.Round(took.TotalSeconds)} s");
        if (!int.TryParse(parameters.GetValueOrDefault(Projects), CultureInfo.InvariantCulture, out int projects)) projects = 1;
        Totals? all = projects == 1
            ? mine
            : Totals.Add(parameters[TotalsFile]!, parameters[Session] ?? "", projects, mine);
        if (all is null) return; // others still run
        if (projects > 1) output.WriteLine($"\n{all.Line}");
        foreach ((string reason, int count) in all.Skips.OrderByDescending(skip => skip.Value)) output.WriteLine($"{count,5} skipped. {reason}");
        if (parameters.GetValueOrDefault(Note) is { Length: > 0 } note) output.WriteLine(note);
    }

    private string Name => parameters.GetValueOrDefault(Project) ?? "Tests";

    private static string Described(TestResult result)
    {
        IEnumerable<string?> parts =
        [
            $"Failed {result.DisplayName ?? result.TestCase.FullyQualifiedName} [{result.Duration.TotalSeconds:0.0} s]",
            result.ErrorMessage, result.ErrorStackTrace, .. result.Messages.Select(message => message.Text?.TrimEnd()),
        ];
        return string.Join('\n', parts.Where(part => !string.IsNullOrEmpty(part)));
    }
}
