using NcfSpark.Data;
using NcfSpark.Pipeline;
using NcfSpark.Training;

namespace NcfSpark.Jobs.Tests.Pipeline;

/// <summary>The result of an earlier stage is refused where settings that shape it are others now.</summary>
public sealed class ManifestCheckTests : IDisposable
{
    private static readonly TrainOptions Then = new() { Epochs = 7, Threads = 1 };

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ASettingThatShapesTheResultIsNamedWithBothValues()
    {
        InvalidInputException refusal = Assert.Throws<InvalidInputException>(() => ManifestCheck.Fits(Made(), ("Train", Then with { Epochs = 8 })));
        Assert.Contains("Train:Epochs was 7, the configuration says 8", refusal.Message);
        Assert.Contains("Run `train` again", refusal.Message);
    }

    [Fact]
    public void ASettingThatDoesNotShapeTheResultMayDiffer() => ManifestCheck.Fits(Made(), ("Train", Then with { Threads = 2 }));

    private StageDirectory Made()
    {
        using StageWriter writer = StageWriter.Begin(folder.Path, "model");
        return writer.Publish(new StageManifest { Stage = "model", Fingerprint = "0", MadeFrom = [], Configuration = new() { ["Train"] = SettingsJson.All(Then) }, Seed = 1, Rows = [] });
    }
}
