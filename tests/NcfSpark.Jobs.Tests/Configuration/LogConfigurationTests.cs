using System.Collections;
using FsCheck.Xunit;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Model;
using NcfSpark.Preparation;
using NcfSpark.Training;

namespace NcfSpark.Jobs.Tests;

public sealed class LogConfigurationTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void TheFileResolvesToWhatWasSeenAndChosen()
    {
        string log = folder.Write("clicks.tsv", "visitor\tsku\tviewed_at\n"
            + string.Concat(Enumerable.Range(0, 400).Select(r => $"v{r % 20}\t{r / 20 + 30}\t2026-01-{1 + r % 28:00}T10:00:{r % 60:00}Z\n")));
        using ISqlEngine engine = new DuckDbEngine(new DuckDbOptions { Threads = 1 });
        LogConfiguration made = LogConfiguration.For(log, engine, SilentProgress.Instance);
        NcfSparkConfiguration read = ConfigurationLoader.Load(folder.Write("clicks.json", made.Text), [], new Hashtable());
        Assert.Equal((log, "\t", "visitor", "sku", "viewed_at"),
            (read.Input.Path, read.Input.Delimiter, read.Input.UserColumn, read.Input.ItemColumn, read.Input.TimestampColumn));
        Assert.Equal((4, 3.0, 0.03), (read.Prepare.Holdout, read.Model.History.Factor, read.Train.Embeddings.Regularization));
        foreach (string seen in made.Seen) Assert.Contains(seen[..40], made.Text, StringComparison.Ordinal);
        Assert.All(made.Text.Split('\n').Where(line => line.StartsWith("//", StringComparison.Ordinal)), line => Assert.InRange(line.Length, 3, 130));
    }

    /// <summary>What was searched on ml-latest-small is what its configuration has.</summary>
    [Fact]
    public void ALogLikeMovieLensSmallGetsTheSettingsThatWereSearchedForIt()
    {
        NcfSparkConfiguration searched = ConfigurationLoader.Load(Repository.File("conf/ml-latest-small-good.json"), [], new Hashtable());
        NcfSparkConfiguration chosen = Chosen(new LogFigures(100_836, 100_836, 610, 9_724, 70, 2_698, HasTimes: true, TimesToTheSecond: true));
        Assert.Equal((searched.Prepare.Holdout, searched.Model.History, searched.Train.Embeddings),
            (chosen.Prepare.Holdout, chosen.Model.History, chosen.Train.Embeddings));
        Assert.Equal((searched.Train.Epochs, searched.Train.Loss, searched.Model.UserMlp.Width),
            (chosen.Train.Epochs, chosen.Train.Loss, chosen.Model.UserMlp.Width));
    }

    [Fact]
    public void ALogLikeMovieLens1MGetsTheSettingsThatWereSearchedForIt()
    {
        NcfSparkConfiguration searched = ConfigurationLoader.Load(Repository.File("conf/ml-1m-history.json"), [], new Hashtable());
        NcfSparkConfiguration chosen = Chosen(new LogFigures(1_000_209, 1_000_209, 6_040, 3_706, 96, 2_314, HasTimes: true, TimesToTheSecond: true));
        Assert.Equal((searched.Model.History, searched.Model.UserMlp), (chosen.Model.History, chosen.Model.UserMlp));
        Assert.Equal(searched.Train, chosen.Train);
    }

    [Property(MaxTest = 200)]
    public void WhatIsChosenIsPossibleForALogOfAnyShape(uint interactions, ushort median, bool hasTimes, bool seconds)
    {
        NcfSparkConfiguration chosen = Chosen(new LogFigures(interactions, interactions, 10, 10, median, median, hasTimes, hasTimes && seconds));
        UntimedSettings.Refuse([.. SettingKey.Sections], chosen with { Input = chosen.Input with { TimestampColumn = hasTimes ? "t" : "" } });
        Assert.Equal(hasTimes, chosen.Model.User == UserEncoderKind.History);
        Assert.Equal(hasTimes, chosen.Train.Loss == LossKind.Softmax);
    }

    private NcfSparkConfiguration Chosen(LogFigures figures)
    {
        IEnumerable<ChosenSetting> settings = SettingsForLog.For(figures).Prepend(new ChosenSetting("Input:Path", "log.csv", ""));
        return ConfigurationLoader.Load(folder.Write("chosen.json", ConfigurationText.Of(["What a stranger reads."], settings)), [], new Hashtable());
    }
}
