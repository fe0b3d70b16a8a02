namespace NcfSpark.Core.Tests;

public sealed class SettingsJsonTests
{
    private sealed record Section
    {
        public int[] Widths { get; init; } = [16, 8];

        public double Rate { get; init; } = 1e-3;

        [ExcludeFromFingerprint]
        public int Threads { get; init; } = 2;

        public string Kind { get; init; } = "mf";

        public bool HasBiases => Kind == "mf";
    }

    [Fact]
    public void AllHasEverySettingInOrderAndNothingDerived() =>
        Assert.Equal("""{"Widths":[16,8],"Rate":0.001,"Threads":2,"Kind":"mf"}""", SettingsJson.All(new Section()).ToJsonString());

    [Fact]
    public void ResultShapingLeavesOutWhatIsNeutralAndSortsByName() =>
        Assert.Equal("""{"Kind":"mf","Rate":0.001,"Widths":[16,8]}""", SettingsJson.ResultShaping(new Section()).ToJsonString());

    [Fact]
    public void ANeutralSettingDoesNotChangeWhatShapesTheResult() => Assert.Equal(
        SettingsJson.ResultShaping(new Section()).ToJsonString(),
        SettingsJson.ResultShaping(new Section { Threads = 64 }).ToJsonString());
}
