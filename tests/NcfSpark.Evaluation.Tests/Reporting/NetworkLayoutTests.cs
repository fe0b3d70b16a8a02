using NcfSpark.Pipeline;
using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests.Reporting;

public class NetworkLayoutTests
{
    private static NetworkLayer Layer(string name, params string[] inputs) => new(name, "Dense", inputs, "1", "1", 1);

    [Fact]
    public void BoxesDoNotOverlapAndStandInside()
    {
        var layout = new NetworkLayout(SampleReport.Network, 160);
        NetworkLayout.Node[] boxes = [.. layout.Boxes];
        Assert.Equal(SampleReport.Network.Length, boxes.Length);
        foreach (NetworkLayout.Node box in boxes)
        {
            Assert.InRange(box.X, 80, layout.Width - 80);
            Assert.InRange(box.Bottom, 0, layout.Height);
            foreach (NetworkLayout.Node other in boxes.Where(other => other != box && other.Row == box.Row)) Assert.True(Math.Abs(box.X - other.X) >= 160);
        }
    }

    [Fact]
    public void EveryLayerIsBelowWhatItReads()
    {
        var layout = new NetworkLayout(SampleReport.Network, 160);
        Assert.Equal(SampleReport.Network.Sum(layer => layer.Inputs.Count), layout.Edges.Count);
        Assert.All(layout.Edges, edge => Assert.True(edge[0].Bottom < edge[^1].Top));
    }

    [Fact]
    public void AnEdgeThatPassesRowsKeepsClearOfBoxes()
    {
        var layout = new NetworkLayout(SampleReport.Network, 160);
        foreach (NetworkLayout.Node lane in layout.Edges.SelectMany(edge => edge[1..^1]))
        {
            Assert.All(layout.Boxes.Where(box => box.Row == lane.Row), box => Assert.True(Math.Abs(box.X - lane.X) > 80));
        }
    }

    [Fact]
    public void AChainHangsStraight()
    {
        NetworkLayout.Node[] boxes = [.. new NetworkLayout([Layer("a"), Layer("b", "a"), Layer("c", "b")], 160).Boxes];
        Assert.All(boxes, box => Assert.Equal(boxes[0].X, box.X, 6));
    }

    [Fact]
    public void NoLayersTakeNoRoom() => Assert.Equal(0, new NetworkLayout([], 160).Height);

    [Fact]
    public void AnUnknownInputIsNamed() =>
        Assert.Contains("reads nothing", Assert.Throws<ArgumentException>(() => new NetworkLayout([Layer("a", "nothing")], 160)).Message);

    [Fact]
    public void ANameThatIsThereTwiceIsNamed() =>
        Assert.Contains("two layers named a", Assert.Throws<ArgumentException>(() => new NetworkLayout([Layer("a"), Layer("a")], 160)).Message);
}
