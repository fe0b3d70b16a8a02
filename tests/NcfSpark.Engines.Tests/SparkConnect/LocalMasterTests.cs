using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.SparkConnect;

public sealed class LocalMasterTests
{
    [Theory]
    [InlineData("local", 1, false)]
    [InlineData("local[3]", 3, false)]
    [InlineData("local[3,2]", 3, false)]
    [InlineData("local-cluster[2,3,1024]", 6, true)]
    [InlineData("local-cluster[2, 1, 1024]", 2, true)]
    public void MastersOnThisMachineAreRead(string master, int cores, bool isCluster)
    {
        Assert.Equal(new LocalMaster(cores, isCluster), LocalMaster.Parse(master));
        Assert.Equal(4 * cores, LocalMaster.Parse(master)!.ShufflePartitions);
    }

    [Fact]
    public void AStarIsEveryCore() => Assert.Equal(Environment.ProcessorCount, LocalMaster.Parse("local[*]")!.Cores);

    [Theory]
    [InlineData("spark://local:7077")]
    [InlineData("yarn")]
    [InlineData("localhost")]
    [InlineData("local[x]")]
    [InlineData("local-cluster[2]")]
    public void OtherMastersAreNot(string master) => Assert.Null(LocalMaster.Parse(master));
}
