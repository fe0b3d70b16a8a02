using NcfSpark.Core;

namespace NcfSpark.Cluster;

/// <summary>
/// Rows of (user, item, timestamp) that Spark brings to a task as lines, by user and item, gathered by user. A row with
/// item -1 begins each user.
/// </summary>
internal sealed class TaskRows(Stream input)
{
    private const int RowsAtOnce = 4 << 20; // 64 MB; a user's rows stay together, however many
    private readonly InputLines lines = new(input);
    private (int User, int Item, long Timestamp)? ahead;

    /// <summary>The next users, at most so many, or null at the end.</summary>
    /// <exception cref="InvalidDataException">The rows are not in order, or are no rows.</exception>
    public TaskUsers? NextUsers(int most)
    {
        List<int> users = [], offsets = [], rowUsers = [], items = [];
        List<long> timestamps = [];
        for (ahead ??= Next(); ahead is (int user, int item, long timestamp); ahead = Next())
        {
            if (item < 0)
            {
                if (users.Count == most || items.Count >= RowsAtOnce) break;
                if (users.Count > 0 && user <= users[^1]) throw new InvalidDataException($"Line {lines.Number}: user {user} comes after {users[^1]}.");
                users.Add(user);
                offsets.Add(items.Count);
                continue;
            }

            if (users.Count == 0 || users[^1] != user) throw new InvalidDataException($"Line {lines.Number}: user {user} was not begun.");
            if (items.Count > offsets[^1] && items[^1] >= item) throw new InvalidDataException($"Line {lines.Number}: item {item} comes after {items[^1]}.");
            rowUsers.Add(user);
            items.Add(item);
            timestamps.Add(timestamp);
        }

        return users.Count == 0 ? null : new TaskUsers([.. users], [.. offsets, items.Count], new InteractionRows([.. rowUsers], [.. items], [.. timestamps]));
    }

    private (int User, int Item, long Timestamp)? Next()
    {
        if (!lines.TryNext(out ReadOnlySpan<byte> line)) return null;
        ReadOnlySpan<byte> rest = line;
        return InputLines.TryTake(ref rest, out long user) && InputLines.TryTake(ref rest, out long item) && InputLines.TryTake(ref rest, out long timestamp)
            && rest.IsEmpty
            ? ((int)user, (int)item, timestamp)
            : throw lines.Not("user, item and timestamp", line);
    }
}
