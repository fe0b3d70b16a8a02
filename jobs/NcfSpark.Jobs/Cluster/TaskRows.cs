using System.Buffers.Text;
using NcfSpark.Data;

namespace NcfSpark.Jobs.Cluster;

/// <summary>Rows of (user, item, timestamp) that Spark brings to a task as lines, by user and item, gathered by user. A row with item -1 begins each user.</summary>
internal sealed class TaskRows(Stream input)
{
    private const int RowsAtOnce = 4 << 20; // 64 MB; a user's rows stay together, however many
    private readonly byte[] buffer = new byte[1 << 20];
    private int start, end;
    private (int User, int Item, long Timestamp)? ahead;
    private long line;

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
                if (users.Count > 0 && user <= users[^1]) throw new InvalidDataException($"Line {line}: user {user} comes after {users[^1]}.");
                users.Add(user);
                offsets.Add(items.Count);
                continue;
            }

            if (users.Count == 0 || users[^1] != user) throw new InvalidDataException($"Line {line}: user {user} was not begun.");
            if (items.Count > offsets[^1] && items[^1] >= item) throw new InvalidDataException($"Line {line}: item {item} comes after {items[^1]}.");
            rowUsers.Add(user);
            items.Add(item);
            timestamps.Add(timestamp);
        }

        return users.Count == 0 ? null : new TaskUsers([.. users], [.. offsets, items.Count], new InteractionRows([.. rowUsers], [.. items], [.. timestamps]));
    }

    private (int User, int Item, long Timestamp)? Next()
    {
        int length;
        while ((length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n')) < 0)
        {
            if (start > 0) buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
            int read = end < buffer.Length ? input.Read(buffer, end, buffer.Length - end) : throw new InvalidDataException($"Line {line + 1} does not end.");
            if (read == 0) return end == 0 ? null : throw new InvalidDataException($"Line {line + 1} was cut short.");
            end += read;
        }

        line++;
        ReadOnlySpan<byte> text = buffer.AsSpan(start, length);
        start += length + 1;
        return Utf8Parser.TryParse(text, out int user, out int first) && first < text.Length
            && Utf8Parser.TryParse(text[(first + 1)..], out int item, out int second) && first + 1 + second < text.Length
            && Utf8Parser.TryParse(text[(first + second + 2)..], out long timestamp, out int third) && first + second + 2 + third == text.Length
            ? (user, item, timestamp)
            : throw new InvalidDataException($"Line {line} is not user, item and timestamp: {System.Text.Encoding.UTF8.GetString(text)}");
    }
}
