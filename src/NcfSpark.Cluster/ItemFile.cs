using NcfSpark.Core;
using NcfSpark.Kernels;
using NcfSpark.Scoring;

namespace NcfSpark.Cluster;

/// <summary>The items that may be recommended, as tasks are sent them: a Parquet file of item_index, rising, and item_group, -1 for none.</summary>
internal static class ItemFile
{
    public static void Write(string path, RecommendableItems items)
    {
        using ParquetFile file = ParquetFile.Create(path, ("item_index", typeof(int)), ("item_group", typeof(int)));
        file.WriteGroup(items.Items, Array.ConvertAll(items.Items, item => items.Groups?.GroupOf(item) ?? -1));
    }

    /// <param name="mostPerGroup">0 for any number.</param>
    public static RecommendableItems Read(string path, int itemCount, int mostPerGroup)
    {
        int[] items = ParquetColumns.Read<int>(path, "item_index");
        if (mostPerGroup == 0) return new RecommendableItems(items, null);
        int[] groups = new int[itemCount], given = ParquetColumns.Read<int>(path, "item_group");
        Array.Fill(groups, -1);
        for (int row = 0; row < items.Length; row++) groups[items[row]] = given[row];
        return new RecommendableItems(items, new GroupLimit(groups, mostPerGroup));
    }
}
