namespace NcfSpark.Evaluation;

/// <summary>How users with histories of about one length are served.</summary>
/// <param name="FewestSeen">The shortest history in the group: items seen before the test.</param>
/// <param name="MostSeen">The longest.</param>
/// <param name="Result">ndcg and hr over the whole catalogue, for the group's users.</param>
public sealed record UserGroup(int FewestSeen, int MostSeen, ProtocolResult Result);
