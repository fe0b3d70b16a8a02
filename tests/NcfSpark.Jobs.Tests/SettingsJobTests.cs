using System.Collections;
using System.Text.Json.Nodes;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Jobs.Tests;

public sealed class SettingsJobTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void TheReferenceHasEverySettingOnceWithTypeRangeDefaultAndMeaning()
    {
        string reference = OneLine(Written("settings"));
        foreach (SettingKey key in SettingKey.All)
        {
            string standard = SettingValue.Show(key.ValueIn(new NcfSparkConfiguration())), meaning = SettingDocs.Of(key);
            Assert.NotEmpty(meaning);
            Assert.Contains(OneLine($" {key} {SettingRules.Describe(key)} (default {standard}) {meaning}"), reference, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ASectionIsFoundInAnyCaseOfLettersAndAlone()
    {
        string train = Written("settings", "train");
        Assert.StartsWith("Section Train: ", train, StringComparison.Ordinal);
        Assert.Contains("\n  Train:Epochs  ", train, StringComparison.Ordinal);
        Assert.DoesNotContain("Section Model", train, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Trian is no section of the settings; did you mean Train?", "Trian")]
    [InlineData("Weather is no section of the settings; there are Input, Prepare, ", "Weather")]
    [InlineData("b is no option of settings; there are --of", "Train", "b")]
    [InlineData("none holds no finished stage, so no settings: name a run directory", "--of", "none")]
    public void AWrongCommandIsExitCode2AndSaysWhatWasMeant(string message, params string[] args)
    {
        (ExitCode code, string output, string error) = Run(["settings", .. args]);
        Assert.Equal((ExitCode.InvalidInput, ""), (code, output));
        Assert.StartsWith(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public void HelpSaysHow()
    {
        Assert.Contains("settings --of RUN", Written("settings", "--help"), StringComparison.Ordinal);
        Assert.Contains("settings [SECTION]", Written("--help"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-11-24")]
    public void OfARunOrANightItPrintsAConfigurationFileThatResolvesToWhatItWasMadeWith(string night)
    {
        NcfSparkConfiguration made = ConfigurationLoader.Load(Repository.File("conf/ml-1m-history.json"), ["Train:Epochs=7"], new Hashtable());
        Publish(night, "prepared", ("Input", made.Input), ("Prepare", made.Prepare));
        Publish(night, "model", ("Model", made.Model), ("Train", made.Train));
        Publish(night, "report", ("Evaluate", made.Evaluate));
        string printed = folder.Write("again.json", Written("settings", "--of", folder.Path));
        NcfSparkConfiguration again = ConfigurationLoader.Load(printed, [], new Hashtable());
        foreach (SettingKey key in SettingKey.All.Where(key => key.Section.Name is "Input" or "Prepare" or "Model" or "Train" or "Evaluate"))
        {
            Assert.Equal(SettingValue.Show(key.ValueIn(made)), SettingValue.Show(key.ValueIn(again)));
        }

        Assert.Equal(["Model"], JsonNode.Parse(Written("settings", "model", "--of", folder.Path))!.AsObject().Select(section => section.Key));
        Assert.StartsWith("No stage in ", Run(["settings", "Score", "--of", folder.Path]).Error, StringComparison.Ordinal);
    }

    private void Publish(string night, string stage, params (string Name, object Section)[] sections) => folder.Write(
        Path.Combine(night, stage, "manifest.json"),
        StageDirectory.ToText(new StageManifest
        {
            Stage = stage,
            Fingerprint = "",
            MadeFrom = [],
            Configuration = new(sections.ToDictionary(one => one.Name, one => (JsonNode)SettingsJson.All(one.Section))),
            Seed = 1,
            Rows = [],
        }));

    private static string Written(params string[] args)
    {
        (ExitCode code, string output, string error) = Run(args);
        Assert.Equal((ExitCode.Done, ""), (code, error));
        return output;
    }

    private static (ExitCode Code, string Output, string Error) Run(string[] args)
    {
        using StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        ExitCode code = CommandLine.Run(args, (_, _) => throw new InvalidOperationException("ran a verb"), SilentProgress.Instance, output, error);
        return (code, output.ToString(), error.ToString());
    }

    private static string OneLine(string text) => string.Join(' ', text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
}
