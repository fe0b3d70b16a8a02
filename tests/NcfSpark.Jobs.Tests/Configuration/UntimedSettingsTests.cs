using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Preparation;
using NcfSpark.Scoring;
using NcfSpark.Training;

namespace NcfSpark.Jobs.Tests;

public class UntimedSettingsTests
{
    private static readonly NcfSparkConfiguration Everything = new()
    {
        Input = new InputOptions { TimestampColumn = "" },
        Prepare = new PrepareOptions { Split = SplitRule.Time },
        Model = new ModelOptions { User = UserEncoderKind.History },
        Train = new TrainOptions { RecencyScale = 10 },
        Score = new ScoreOptions { Since = "2026-11-23", NotOlderThan = "2020" },
        Nightly = new NightlyOptions { MaxAgeDays = 3 },
    };

    [Theory]
    [InlineData("prepare", "Prepare:Split")]
    [InlineData("evaluate")]
    [InlineData("train", "Model:User", "Train:RecencyScale")]
    [InlineData("tune", "Prepare:Split", "Model:User", "Train:RecencyScale")]
    [InlineData("score", "Score:Since", "Score:NotOlderThan")]
    [InlineData("nightly", "Prepare:Split", "Model:User", "Train:RecencyScale", "Score:Since", "Score:NotOlderThan", "Nightly:MaxAgeDays")]
    public void WithoutTimesAVerbRefusesByNameWhatNeedsThem(string verb, params string[] settings)
    {
        string[] sections = Verb.All.Single(one => one.Name == verb).Sections;
        UntimedSettings.Refuse(sections, Everything with { Input = new InputOptions() });
        if (settings.Length == 0)
        {
            UntimedSettings.Refuse(sections, Everything);
            return;
        }

        foreach (UserEncoderKind user in new[] { UserEncoderKind.History, UserEncoderKind.Attention })
        {
            NcfSparkConfiguration asked = Everything with { Model = new ModelOptions { User = user } };
            bool named = Assert.Throws<InvalidInputException>(() => UntimedSettings.Refuse(sections, asked)).Message
                .Contains($"Model:User is \"{SettingText.Of(user)}\"", StringComparison.Ordinal);
            Assert.Equal(settings.Contains("Model:User"), named);
        }

        string refusal = Assert.Throws<InvalidInputException>(() => UntimedSettings.Refuse(sections, Everything)).Message;
        Assert.Equal(settings, refusal.Split('\n').Where(line => line.StartsWith("  ", StringComparison.Ordinal)).Select(line => line.Trim().Split(' ')[0]));
    }
}
