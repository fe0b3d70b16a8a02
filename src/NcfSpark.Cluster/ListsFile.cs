using System.Runtime.InteropServices;
using NcfSpark.Scoring;

namespace NcfSpark.Cluster;

/// <summary>
/// What rules say of items and users, and what is trending, as tasks are sent it: for the recommendations the marks of each group of users, and the group of
/// each user; then for each named list the same, the weights, the marks and groups of promoted items, and the values of each item. Little-endian, each array
/// after its length; -1 where there is none.
/// </summary>
internal static class ListsFile
{
    public static void Write(string path, RecommendableItems items)
    {
        using var file = new BinaryWriter(File.Create(path));
        WriteMarks(file, items.Marks);
        foreach (NamedList list in items.Lists)
        {
            WriteMarks(file, list.Marks);
            WriteArray(file, list.Trending);
            WriteMarks(file, list.Promoted);
            file.Write(list.Values?.Length ?? -1);
            foreach (int[] values in list.Values ?? []) WriteArray(file, values);
        }
    }

    /// <param name="options">The named lists, in the order in which they were written.</param>
    public static RecommendableItems Read(string path, RecommendableItems items, ScoreOptions options)
    {
        using var file = new BinaryReader(File.OpenRead(path));
        ItemMarks? marks = ReadMarks(file);
        return items with
        {
            Marks = marks,
            Lists = [.. options.Lists.Select(list => new NamedList(list, ReadMarks(file), ReadArray<float>(file), ReadMarks(file), ReadValues(file)))],
        };
    }

    private static void WriteMarks(BinaryWriter file, ItemMarks? marks)
    {
        file.Write(marks?.ByGroup.Length ?? -1);
        if (marks is null) return;
        foreach (uint[] group in marks.ByGroup) WriteArray(file, group);
        WriteArray(file, marks.GroupOfUser);
    }

    private static ItemMarks? ReadMarks(BinaryReader file)
    {
        int groups = file.ReadInt32();
        if (groups < 0) return null;
        uint[][] byGroup = new uint[groups][];
        for (int group = 0; group < groups; group++) byGroup[group] = ReadArray<uint>(file)!;
        return new ItemMarks(byGroup, ReadArray<int>(file));
    }

    private static int[][]? ReadValues(BinaryReader file)
    {
        int items = file.ReadInt32();
        return items < 0 ? null : [.. Enumerable.Range(0, items).Select(_ => ReadArray<int>(file)!)];
    }

    private static void WriteArray<T>(BinaryWriter file, T[]? values)
        where T : unmanaged
    {
        file.Write(values?.Length ?? -1);
        if (values is not null) file.Write(MemoryMarshal.AsBytes<T>(values));
    }

    private static T[]? ReadArray<T>(BinaryReader file)
        where T : unmanaged
    {
        int length = file.ReadInt32();
        if (length < 0) return null;
        var values = new T[length];
        file.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
