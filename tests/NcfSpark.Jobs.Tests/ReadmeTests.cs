using System.Collections;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using NcfSpark.Cluster;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Jobs.Tests;

/// <summary>The pages for people (every .md) lead where they say, and name only verbs, options, settings and files that there are.</summary>
public sealed partial class ReadmeTests
{
    private const string FirstPage = "README.md";

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryLinkLeadsSomewhere(string page)
    {
        IEnumerable<string> links = Link().Matches(Prose(Text(page))).Select(match => match.Groups[1].Value);
        foreach (string link in links.Where(link => !link.StartsWith("http", StringComparison.Ordinal)))
        {
            string[] parts = link.Split('#', 2);
            string target = parts[0].Length == 0 ? page : Path.Combine(Path.GetDirectoryName(page)!, parts[0]);
            Assert.True(File.Exists(Repository.File(target)) || Directory.Exists(Repository.File(target)), $"{page}: {link} is not there.");
            if (parts.Length == 1) continue;
            string[] anchors = Anchors(Text(target));
            Assert.True(anchors.Contains(parts[1]), $"{page}: {link}: {target} has no such heading; it has {string.Join(", ", anchors)}.");
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void EverySettingExists(string page)
    {
        string text = Text(page);
        IEnumerable<string> named = Setting().Matches(text).Select(match => match.Value)
            .Concat(Variable().Matches(text).Select(match => match.Groups[1].Value.Replace("__", ":", StringComparison.Ordinal)));
        foreach (string name in named.Where(name => SettingKey.Sections.Contains(name.Split(':')[0])))
        {
            bool isGroup = SettingKey.All.Any(key => key.Name.StartsWith($"{name}:", StringComparison.Ordinal));
            Assert.True(isGroup || SettingKey.All.Any(key => key.Name == name), $"{page}: {name} is no setting.");
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryCommandInABlockParses(string page)
    {
        foreach (string[] command in Commands(Text(page)).Where(command => command[0] is not (WorkerArchiveCommand.Verb or "package")))
        {
            if (command[0] == "bench") Assert.Contains($"[\"{command[1]}\"] =", Text("tests/NcfSpark.Benchmarks/Program.cs"), StringComparison.Ordinal);
            else if (!command[0].StartsWith('$')) Parse(command);
        }
    }

    [Fact]
    public void ConfigurationsOfTheFirstPageLoad()
    {
        JobArguments[] runs = [.. Commands(Text(FirstPage)).Select(Parse).OfType<JobArguments>()];
        Assert.Contains(runs, run => run.Log is not null);
        Assert.Contains(runs, run => run.Config is not null);
        foreach (JobArguments run in runs.Where(run => run.Config is not null))
        {
            Assert.NotNull(ConfigurationLoader.Load(Repository.File(run.Config!), run.Set, new Hashtable()));
        }
    }

    [Fact]
    public void TheFirstPageIsShortAndNamesEveryVerb()
    {
        string text = Text(FirstPage);
        Assert.InRange(text.Split('\n').Length - 1, 1, 150);
        Assert.All(Verb.All, verb => Assert.Contains($"`{verb.Name}`", text, StringComparison.Ordinal));
    }

    [Fact]
    public void EveryPackageHasItsNotice()
    {
        string[] rows = Text("THIRD-PARTY-NOTICES.md").Split('\n');
        foreach (XElement package in XDocument.Load(Repository.File("Directory.Packages.props")).Descendants("PackageVersion"))
        {
            (string name, string version) = (package.Attribute("Include")!.Value, package.Attribute("Version")!.Value);
            if (version.StartsWith('$')) version = ""; // chosen when it is built
            bool isThere = rows.Any(row => row.Contains(name, StringComparison.Ordinal) && row.Contains(version, StringComparison.Ordinal));
            Assert.True(isThere, $"{name} {version} has no row.");
        }
    }

    [Fact]
    public void MessagesThatAreExplainedAreThoseOfTheProgram()
    {
        string[] rows = Text("jobs/README.md").Split("## Troubleshooting by message\n")[1].Split('\n');
        IEnumerable<string> explained = rows.Where(row => row.StartsWith("| `", StringComparison.Ordinal)).Select(row => row.Split(" | ")[0]);
        string[] quoted = [.. explained.SelectMany(cell => InlineCode().Matches(cell)).Select(code => code.Value.Trim('`'))];
        IEnumerable<string> files = Repository.Files("*.cs")
            .Where(path => !Path.GetRelativePath(Repository.Root, path).StartsWith("tests", StringComparison.Ordinal));
        string[] sources = [.. files.Append(Repository.File("submit.sh")).Select(File.ReadAllText)];
        Assert.True(quoted.Length > 10);
        Assert.All(quoted, words => Assert.Contains(sources, source => source.Contains(words, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("## What `score` can write", "what-score-can-write")]
    [InlineData("# Settings, your own data", "settings-your-own-data")]
    [InlineData("## [The gate](gate.md) & more", "the-gate--more")]
    public void AnchorsAreThoseOfGitHub(string heading, string anchor) => Assert.Equal([anchor], Anchors($"{heading}\n"));

    [Fact]
    public void HeadingsOfTheSameNameAreNumbered() => Assert.Equal(["a", "a-1"], Anchors("# A\ntext\n## A\n"));

    public static TheoryData<string> Pages =>
    [
        .. Directory.GetFiles(Repository.Root, "*.md").Concat(Directory.GetFiles(Repository.File("conf"), "*.md")).Concat(Repository.Files("*.md"))
            .Select(path => Path.GetRelativePath(Repository.Root, path)).Order(StringComparer.Ordinal),
    ];

    private static string Text(string page) => File.ReadAllText(Repository.File(page)).ReplaceLineEndings("\n");

    // Without blocks and inline code, in which brackets are no links.
    private static string Prose(string text) => InlineCode().Replace(Block().Replace(text, ""), "");

    private static string[] Anchors(string text)
    {
        var anchors = new List<string>();
        foreach (string heading in Heading().Matches(Block().Replace(text, "")).Select(match => match.Groups[1].Value))
        {
            string shown = Regex.Replace(heading, @"\[([^\]]*)\]\([^)]*\)", "$1").ToLowerInvariant();
            string anchor = string.Concat(shown.Where(letter => char.IsLetterOrDigit(letter) || letter is ' ' or '-' or '_')).Replace(' ', '-');
            int same = anchors.Count(other => Regex.IsMatch(other, $"^{Regex.Escape(anchor)}(-\\d+)?$"));
            anchors.Add(same == 0 ? anchor : $"{anchor}-{same}");
        }

        return [.. anchors];
    }

    // What follows ./submit.sh in blocks of a shell, up to the end of the command; lines that a backslash continues are one.
    private static IEnumerable<string[]> Commands(string text) =>
        from Match block in Block().Matches(text)
        where block.Groups[1].Value == "bash"
        from Match command in Command().Matches(block.Value.Replace("\\\n", " ", StringComparison.Ordinal))
        select Word().Matches(command.Groups[1].Value).Select(word => Unquoted(word.Value)).ToArray();

    private static string Unquoted(string word) => word.Replace("'", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal);

    // Null where it runs no verb: `init` and `settings`, of which only the help is asked for, so that nothing is written.
    private static JobArguments? Parse(string[] command)
    {
        JobArguments? arguments = null;
        using StringWriter output = new(), error = new();
        string[] asked = Verb.All.Any(verb => verb.Name == command[0]) ? command : [.. command, "--help"];
        ExitCode code = CommandLine.Run(asked, (_, given) => { arguments = given; return ExitCode.Done; }, SilentProgress.Instance, output, error);
        Assert.True(code == ExitCode.Done, $"./submit.sh {string.Join(' ', command)}: {error}");
        return arguments;
    }

    [GeneratedRegex(@"^ *```(\w*)\n.*?^ *```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"`[^`]*`")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ +(.*?) *$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\b[A-Z][a-z]+(:[A-Z]\w+)+")]
    private static partial Regex Setting();

    [GeneratedRegex(@"\bNCFSPARK_([A-Z][a-z]+(?:__[A-Z]\w*?)+)\b")]
    private static partial Regex Variable();

    // A # in a word begins no comment, and quoted text may hold anything.
    [GeneratedRegex("""\./submit\.sh ((?:"[^"\n]*"|'[^'\n]*'|(?<! )#|[^#;|&>\n"'])*)""")]
    private static partial Regex Command();

    [GeneratedRegex("""(?:"[^"]*"|'[^']*'|[^\s"'])+""")]
    private static partial Regex Word();
}
