using NcfSpark.Data;

namespace NcfSpark.Evaluation;

/// <summary>A scorer as it is named in the report.</summary>
/// <param name="Key">Its key in report.json, such as "item_cosine".</param>
/// <param name="Title">Its name for people, such as "item-item cosine".</param>
/// <param name="Scorer">Scores users.</param>
/// <param name="ScoresAreProbabilities">Whether a score is the probability of use, so that accuracy and log loss have a meaning.</param>
public sealed record NamedScorer(string Key, string Title, IScorer Scorer, bool ScoresAreProbabilities);
