using System.ComponentModel.DataAnnotations;
using System.Reflection;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Jobs.Tests;

public sealed class HelpTests
{
    [Fact]
    public void HelpNamesEveryVerbInOrderWithWhatItReadsAndWrites()
    {
        string help = Written(["--help"]);
        int at = 0;
        foreach (Verb verb in Verb.All)
        {
            at = help.IndexOf($"\n  {verb.Name} ", at, StringComparison.Ordinal);
            Assert.True(at >= 0, $"{verb.Name} is missing, or out of order.");
            Assert.Contains($"reads {verb.Reads}; writes {verb.Writes}", help[at..], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void HelpOfAVerbIsTheVerbsHelp()
    {
        foreach (string name in CommandNames().Except(["help", "version", "worker-archive", "package", "bench"]))
        {
            Assert.Equal(Written([name, "--help"]), Written(["help", name]));
            Assert.Contains($"\n  {name} ", Written(["help"]), StringComparison.Ordinal); // and everything is in the list
        }

        Assert.Equal(Written(["--help"]), Written(["help"]));
        Assert.Equal(Written(["--version"]), Written(["version"]));
    }

    [Fact]
    public void TheExamplesConfigurationIsThere()
    {
        string example = Written(["--help"]).Split('\n').First(line => line.Contains("--config conf/ml", StringComparison.Ordinal));
        Assert.True(File.Exists(Repository.File(example.Trim().Split("--config ")[1].Split(' ')[0])));
    }

    [Fact]
    public void TheVerbsTogetherUseEverySection() => Assert.Equal(SettingKey.Sections.Order(), Verb.All.SelectMany(verb => verb.Sections).Distinct().Order());

    [Fact]
    public void AVerbsHelpIsOneScreenWithWhatPeopleChangeMostAndExamples()
    {
        foreach (Verb verb in Verb.All)
        {
            string help = Written([verb.Name, "--help"]);
            Assert.InRange(help.Split('\n').Length, 10, verb.Name == "prepare" ? 64 : 45); // prepare's says where SQL runs, too
            Assert.InRange(verb.Often.Length, 0, 10);
            foreach (SettingKey key in verb.Often.Select(name => SettingKey.Find(name)!))
            {
                Assert.Contains(key.Section.Name, verb.Sections);
                Assert.Contains($"\n  {key} ", help, StringComparison.Ordinal);
            }

            Assert.NotEmpty(verb.Examples);
            foreach (string example in verb.Examples) Assert.Contains($"./submit.sh {verb.Name} {example}", help, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void RangesInHelpAreThoseOfTheAttributes()
    {
        foreach (SettingKey key in SettingKey.All)
        {
            if (key.Property.GetCustomAttribute<RangeAttribute>() is { } range)
            {
                Assert.Contains($"{range.Minimum}", SettingRules.Describe(key), StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void HelpFitsIntoATerminal(string verb) =>
        Assert.All(Written(verb.Length == 0 ? ["--help"] : [verb, "--help"]).Split('\n'), line => Assert.True(line.Length <= 130, line));

    public static TheoryData<string> Widths => ["", .. Verb.All.Select(verb => verb.Name)];

    [Theory]
    [InlineData("Which verb?")]
    [InlineData("trian is no verb; did you mean train?", "trian")]
    [InlineData("trian is no verb; did you mean train?", "trian", "--config", "x.json")]
    [InlineData("trian is no verb; did you mean train?", "help", "trian")]
    [InlineData("worker-archve is no verb; did you mean worker-archive?", "worker-archve")]
    [InlineData("Argument 'fish' not recognized.", "completion", "fish")]
    [InlineData("dance is no verb; there are prepare, train, import, evaluate, score, nightly", "dance")]
    [InlineData("--confg is no option of train; did you mean --config?", "train", "--confg", "x.json")]
    [InlineData("x.json stands alone: write --config x.json", "train", "x.json")]
    [InlineData("Required argument missing for option: '--config'.", "train", "--config")]
    [InlineData("Option '--config' expects a single argument but 2 were provided.", "train", "--config", "a", "--config", "b")]
    [InlineData("@x is no option of train; there are --config, --run, --set", "train", "@x")]
    public void AWrongCommandLineRunsNothingAndSaysWhatWasMeant(string message, params string[] args)
    {
        using StringWriter output = new(), error = new();
        ExitCode code = CommandLine.Run(args, (_, _) => throw new InvalidOperationException("ran"), SilentProgress.Instance, output, error);
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Equal("", output.ToString());
        Assert.Contains($"\n{message}", $"\n{error}", StringComparison.Ordinal);
        Assert.Equal(args.Length == 0, error.ToString().Contains("Exit codes", StringComparison.Ordinal));
        if (args.Length > 0) Assert.InRange(error.ToString().Split('\n').Length, 2, 3); // one line, and where to read on
    }

    [Fact]
    public void OptionsReachTheVerb()
    {
        (Verb? verb, JobArguments? arguments) = (null, null);
        ExitCode code = CommandLine.Run(
            ["score", "--set", "Score:TopK=3", "-c", "a b.json", "--set=Score:Threads=2", "--run", "r"],
            (given, values) => { (verb, arguments) = (given, values); return ExitCode.Refused; },
            SilentProgress.Instance,
            TextWriter.Null,
            TextWriter.Null);
        Assert.Equal((ExitCode.Refused, "score", "a b.json", "r"), (code, verb!.Name, arguments!.Config, arguments.Run));
        Assert.Equal(["Score:TopK=3", "Score:Threads=2"], arguments.Set);
    }

    private static string Written(string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        Assert.Equal(ExitCode.Done, CommandLine.Run(
            args, (_, _) => throw new InvalidOperationException("ran"), SilentProgress.Instance, output, TextWriter.Null));
        return output.ToString();
    }

    // What a shell completes the first word with.
    private static string[] CommandNames() =>
        Written(["completion", "bash"]).Split('\n').Single(line => line.Contains("'') printf", StringComparison.Ordinal))
            .Split("\\n' ")[1].Split(" ;;")[0].Split(' ');
}
