using NcfSpark.Configuration;

namespace NcfSpark.Tuning;

/// <summary>Settings that a search tries.</summary>
/// <param name="Number">0: the configuration itself; others in the order in which they are drawn.</param>
/// <param name="Configuration">All of its settings.</param>
/// <param name="Settings">Those that are searched, by name, as one would write them in a configuration file; where they had to be mended, too.</param>
public sealed record Candidate(int Number, NcfSparkConfiguration Configuration, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>
    /// Whether more epochs are the same training gone on with. With a rate that falls to 0 over all epochs another number of them is another training, from the start.
    /// </summary>
    public bool GoesOn => Configuration.Train.LearningRateSchedule == "constant";
}
