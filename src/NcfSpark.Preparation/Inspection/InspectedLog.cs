namespace NcfSpark.Preparation;

/// <summary>What a log was taken for, by looking at it.</summary>
/// <param name="Input">The settings that read it so.</param>
/// <param name="Seen">What was seen, line by line, each with its reason: for people.</param>
/// <param name="Doubts">Where another reading is as likely, and the setting that chooses.</param>
/// <param name="Figures">Its size and shape, so read.</param>
public sealed record InspectedLog(InputOptions Input, IReadOnlyList<string> Seen, IReadOnlyList<string> Doubts, LogFigures Figures);

/// <summary>Size and shape of a log.</summary>
/// <param name="Rows">Usable rows.</param>
/// <param name="Interactions">Pairs of a user and an item; a pair that is repeated counts once.</param>
/// <param name="MedianOfUser">Interactions of a user, the median.</param>
/// <param name="MostOfUser">Interactions of the user who has the most.</param>
/// <param name="HasTimes">Whether rows have times.</param>
/// <param name="TimesToTheSecond">Whether times say more than a day.</param>
public sealed record LogFigures(long Rows, long Interactions, long Users, long Items, long MedianOfUser, long MostOfUser, bool HasTimes, bool TimesToTheSecond);
