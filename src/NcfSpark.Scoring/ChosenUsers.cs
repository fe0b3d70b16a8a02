using NcfSpark.Core;

namespace NcfSpark.Scoring;

/// <summary>
/// The users who are wanted, in the order of their ids: all of the model, or those of a list. A user of the model is their index; one whom it does not know
/// is ~n, n counting those.
/// Example: the model's ids 5, 7, 9 and the list 9, 6, 5, 6 give 0, ~0, 2, with 6 the unknown id.
/// </summary>
public sealed class ChosenUsers
{
    private readonly IdTable known;
    private readonly IdTable unknown;

    private ChosenUsers(IdTable known, IdTable unknown, int[] users) => (this.known, this.unknown, Users) = (known, unknown, users);

    /// <summary>Indexes, and complements for the unknown.</summary>
    public int[] Users { get; }

    public int UnknownCount => unknown.Count;

    /// <summary>Ids of those whom the model does not know, n of ~n.</summary>
    public IEnumerable<string> UnknownIds => Enumerable.Range(0, unknown.Count).Select(unknown.TextOf);

    public Type IdType => known.IdType;

    /// <summary>Everybody whom the model knows.</summary>
    public static ChosenUsers All(IdTable known) =>
        new(known, known.IsNumeric ? new IdTable(Array.Empty<long>(), []) : new IdTable(Array.Empty<string>(), []), [.. Enumerable.Range(0, known.Count)]);

    /// <summary>Those of a list, each once.</summary>
    /// <param name="ids">The list: whole numbers where those of the model are.</param>
    public static ChosenUsers Of(IdTable known, IEnumerable<string> ids)
    {
        var (indexes, strangers) = (new HashSet<int>(), new HashSet<string>(StringComparer.Ordinal));
        foreach (string id in ids)
        {
            if (known.Find(id) is >= 0 and int index) indexes.Add(index);
            else strangers.Add(id);
        }

        int[] users = [.. indexes.Order()];
        if (!known.IsNumeric)
        {
            string[] texts = [.. strangers.Order(StringComparer.Ordinal)];
            return new ChosenUsers(known, new IdTable(texts, new int[texts.Length]), Merge(users, known.Texts, texts, StringComparer.Ordinal));
        }

        long[] numbers = [.. strangers.Select(long.Parse).Order()];
        return new ChosenUsers(known, new IdTable(numbers, new int[numbers.Length]), Merge(users, known.Numbers, numbers, Comparer<long>.Default));
    }

    /// <summary>
    /// Where among <see cref="Users"/> those end that belong to a range of the model's users; the unknown belong to the
    /// range before which they stand, the last to the last.
    /// </summary>
    public int EndOf(TouchedRange range, int start)
    {
        int last = range.First + range.Count;
        if (last == known.Count) return Users.Length;
        int end = start;
        for (int place = start; place < Users.Length && Users[place] < last; place++)
        {
            if (Users[place] >= 0) end = place + 1;
        }

        return end;
    }

    /// <summary>The users' ids, an array of long or string.</summary>
    public Array IdsOf(ReadOnlySpan<int> users)
    {
        if (known.IsNumeric)
        {
            long[] numbers = new long[users.Length];
            for (int row = 0; row < numbers.Length; row++) numbers[row] = users[row] < 0 ? unknown.Numbers[~users[row]] : known.Numbers[users[row]];
            return numbers;
        }

        string[] texts = new string[users.Length];
        for (int row = 0; row < texts.Length; row++) texts[row] = users[row] < 0 ? unknown.Texts[~users[row]] : known.Texts[users[row]];
        return texts;
    }

    // Known users stay in the order of their indexes, which is that of their ids.
    private static int[] Merge<T>(int[] users, T[] knownIds, T[] unknownIds, IComparer<T> order)
    {
        int[] merged = new int[users.Length + unknownIds.Length];
        int u = 0, n = 0;
        for (int place = 0; place < merged.Length; place++)
        {
            bool stranger = n < unknownIds.Length && (u == users.Length || order.Compare(unknownIds[n], knownIds[users[u]]) < 0);
            merged[place] = stranger ? ~n++ : users[u++];
        }

        return merged;
    }
}
