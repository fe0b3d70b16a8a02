namespace NcfSpark.Kernels.Tests;

/// <summary>The positions of each negative, compared with a search through all samples.</summary>
public sealed unsafe class NegativeIndexTests
{
    [Fact]
    public void EachItemStandsWhereTheBatchHasItAndNoBatchBeforeIsRemembered()
    {
        const int ItemCount = 20, Capacity = 60;
        using var places = new NegativeIndex(ItemCount, Capacity);
        for (int batch = 0; batch < 10; batch++)
        {
            var draw = new Random(batch);
            int count = draw.Next(1, Capacity + 1);
            int[] items = [.. Enumerable.Range(0, count).Select(_ => draw.Next(ItemCount))];
            float[] labels = [.. Enumerable.Range(0, count).Select(s => s % 4 == 0 ? 1f : 0f)];
            fixed (int* i = items)
            fixed (float* l = labels) places.Set(i, l, count);
            for (int item = 0; item < ItemCount; item++)
            {
                var found = new List<int>();
                for (int s = places.Latest[item]; s >= 0; s = places.Before[s]) found.Add(s);
                Assert.Equal(Enumerable.Range(0, count).Where(s => items[s] == item && labels[s] == 0).Reverse(), found);
            }
        }
    }
}
