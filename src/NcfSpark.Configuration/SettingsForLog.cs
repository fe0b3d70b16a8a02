using NcfSpark.Model;
using NcfSpark.Preparation;
using NcfSpark.Training;

namespace NcfSpark.Configuration;

/// <summary>A setting that was chosen for a log, and why.</summary>
public sealed record ChosenSetting(string Name, object? Value, string Reason);

/// <summary>
/// Chooses settings by a log's size and shape, where the defaults are not best. What is chosen for small logs was chosen on
/// validation on ml-latest-small (100,000 interactions), what is for larger ones on MovieLens 1M: conf/README.md has the figures.
/// </summary>
public static class SettingsForLog
{
    /// <summary>Up to so many interactions a log is small: a model fits it by heart before it has learned much.</summary>
    public const long Small = 300_000;

    /// <summary>From so many on, the user MLP takes hours on a few cores.</summary>
    public const long Large = 5_000_000;

    public static IReadOnlyList<ChosenSetting> For(LogFigures log)
    {
        var chosen = new List<ChosenSetting>();
        void Choose(string name, object? value, string reason)
        {
            object? standard = SettingKey.Find(name)!.ValueIn(new NcfSparkConfiguration());
            if (SettingValue.Show(standard) != SettingValue.Show(value)) chosen.Add(new(name, value, reason));
        }

        // A tenth of what most users have, so that what is held out does not take too much from what is trained on.
        Choose("Prepare:Holdout", (int)Math.Clamp(log.MedianOfUser / 5, 1, 10),
            $"a user has {log.MedianOfUser:N0} items (median), of which the latest are held out to measure with");
        Choose("Nightly:WhenBaselineWins", BaselineWins.Serve, "where a simple recommender is better, its lists are better than none");
        if (!log.HasTimes)
        {
            Choose("Model:User", UserEncoderKind.Embedding, "a history needs times");
            Choose("Train:Loss", LossKind.Logistic, "the softmax needs a history");
        }

        if (log.Interactions <= Small)
        {
            if (log.HasTimes) Choose("Model:History:Factor", 3.0, "better than 2 on a small log");
            Choose("Train:Embeddings:Regularization", 0.03, "a small log overfits sooner");
            return chosen;
        }

        Choose("Train:Embeddings:Regularization", 0.005, "a large log needs less");
        Choose("Train:Epochs", log.HasTimes ? 3 : 16, log.HasTimes ? "so many rows need few passes" : "without times more passes pay");
        if (!log.HasTimes) return chosen;
        Choose("Train:Negatives", NegativeSource.PopularityUntouched, "a little better than resampled on a large log");
        Choose("Train:SoftmaxNegatives", 256, "chosen on MovieLens 1M");
        if (log.Interactions >= Large) return chosen;
        Choose("Model:UserMlp:Width", 128, "so much data gains by it; training takes several times as long");
        Choose("Model:UserMlp:Dropout", 0.5, "chosen on MovieLens 1M");
        if (log.TimesToTheSecond) Choose("Model:UserMlp:TemporalFeatures", true, "times are finer than a minute");
        return chosen;
    }
}
