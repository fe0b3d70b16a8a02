using NcfSpark.Core;

namespace NcfSpark.Evaluation;

/// <summary>The users who have held-out rows, or a sample of them that does not depend on the order of rows.</summary>
public static class EvaluationUsers
{
    /// <param name="heldOut">Held-out rows in any order.</param>
    /// <param name="most">How many users at most; 0 for all.</param>
    /// <param name="stream">Draws the sample: the users with the smallest numbers.</param>
    /// <returns>User indexes, rising.</returns>
    public static int[] Draw(InteractionRows heldOut, int most, RandomStream stream)
    {
        int[] users = [.. heldOut.Users.Distinct()];
        Array.Sort(users);
        if (most == 0 || users.Length <= most) return users;
        int[] drawn = [.. users.OrderBy(user => stream.Bits(user)).Take(most)];
        Array.Sort(drawn);
        return drawn;
    }
}
