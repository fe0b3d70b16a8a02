using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Pipeline;
using NcfSpark.Preparation;

namespace NcfSpark.Tuning;

/// <summary>
/// The rows of a search: prepared like any others, with as many rows held out for validation as for the test. The test part is deleted, so that a search
/// cannot use it.
/// </summary>
/// <param name="searched">The job, with the configuration of what is searched.</param>
internal sealed class SearchDataStage(JobContext searched) : PrepareStage(searched)
{
    public override string Name => "data";

    /// <summary>
    /// The configuration that is searched: with validation, and with held-out items drawn as negatives like all others. If they were never drawn, a model
    /// could recognize them by that, and the search would choose the best fit (conf/README.md, "A trap: negatives and held-out items").
    /// </summary>
    /// <remarks>Where the kind is searched as well, at most 2,000 users are validated on, because the baselines of a large log take long.</remarks>
    public static NcfSparkConfiguration Searched(NcfSparkConfiguration configuration) => configuration with
    {
        Prepare = configuration.Prepare with { Validation = true, NegativesAvoid = AvoidedItems.Trained, TestCandidates = 0 },
        Train = configuration.Tune.Search.Length == 0 && configuration.Train.ValidationUsers == 0
            ? configuration.Train with { ValidationUsers = 2000 }
            : configuration.Train,
    };

    /// <exception cref="InvalidInputException">The input is at fault, or there is nothing to validate on.</exception>
    public override StageCounts Run(StageContext context)
    {
        StageCounts counts = base.Run(context);
        if (counts.Rows["validation"] == 0)
        {
            throw new InvalidInputException("There is nothing to validate on: no user has enough interactions. Lower Prepare:Holdout or "
                + "Prepare:MinInteractions.");
        }

        foreach (string part in Directory.GetDirectories(context.Writer.Path, "test*")) Directory.Delete(part, recursive: true);
        foreach (string part in counts.Rows.Keys.Where(name => name.StartsWith("test", StringComparison.Ordinal)).ToArray()) counts.Rows.Remove(part);
        return counts;
    }
}
