using System.Runtime.Versioning;
using System.Text;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>A log and no configuration: `nightly --input`, `init`, and what is said of a log that cannot be read.</summary>
public sealed class InputTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ncfspark-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    [SupportedOSPlatform("linux")]
    public void ALogIsLookedAtOnTheFirstNightAndItsSettingsAreKeptForTheSecond()
    {
        string log = WriteShop(), run = Path.Combine(folder, "shop");
        string[] open = ["--run", run, "--set", "Train:Epochs=2", "--set", "Nightly:Gate=false"];
        string first = NcfSparkProcess.RunWell(["nightly", "--input", log, .. open, "--set", "Nightly:Night=2026-05-01"]);
        Assert.Contains("time     viewed_at, by its name, dates and times of ISO 8601: 2026-01-01 to ", first, StringComparison.Ordinal);
        Assert.Contains("\nin production: 2026-05-01 ", first, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(run)); // nobody else's
        string kept = File.ReadAllText(Path.Combine(run, "configuration.json"));
        File.AppendAllText(log, "2026-04-30T10:00:00Z,v-0001,view,S-005\n");
        string second = NcfSparkProcess.RunWell(["nightly", "--input", log, .. open, "--set", "Nightly:Night=2026-05-02"]);
        Assert.StartsWith($"Settings of {Path.Combine(run, "configuration.json")}", second, StringComparison.Ordinal);
        Assert.Contains("\nin production: 2026-05-02 ", second, StringComparison.Ordinal);
        Assert.Equal(kept, File.ReadAllText(Path.Combine(run, "configuration.json")));
    }

    [Fact]
    public void WhatIsNoLogMakesNoRunDirectory()
    {
        string log = Path.Combine(folder, "one.csv"), run = Path.Combine(folder, "none");
        File.WriteAllText(log, "a\nb\n");
        (int code, string output, string error) = NcfSparkProcess.Run("nightly", "--input", log, "--run", run);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains("its lines are one column", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run));
    }

    [Theory]
    [InlineData("Train:Epochs=none")]           // refused as it is read
    [InlineData("Input:UserColumn=nobody")]     // by the log
    [InlineData("Score:PairsPath=missing.csv")] // by another file
    [InlineData("Prepare:Holdout=0")]           // by what a night is
    [InlineData("Prepare:MinInteractions=100000")]
    public void AFirstNightThatIsRefusedKeepsNoSettings(string mistake)
    {
        string log = WriteShop(), run = Path.Combine(folder, "shop");
        (int code, _, string error) = NcfSparkProcess.Run("nightly", "--input", log, "--run", run, "--set", mistake);
        Assert.Equal(2, code);
        Assert.Contains(mistake.Split('=')[0], error, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.Exists(run) ? Directory.GetFileSystemEntries(run) : [], entry => Path.GetFileName(entry) != ".lock");
    }

    [Fact]
    public void InitWritesAConfigurationOnceAndNightsRunByIt()
    {
        string log = WriteShop(), conf = Path.Combine(folder, "shop.json");
        Assert.Contains($"Wrote {conf}. Next:", NcfSparkProcess.RunWell("init", log, "--config", conf), StringComparison.Ordinal);
        (int code, _, string error) = NcfSparkProcess.Run("init", log, "--config", conf);
        Assert.Equal((2, $"{conf} is there already. Name another file by --config, or delete it first.\n"), (code, error));
        NcfSparkProcess.RunWell("prepare", "--config", conf, "--run", Path.Combine(folder, "by-hand"));
    }

    private string WriteShop()
    {
        var text = new StringBuilder("viewed_at,visitor_id,event,sku\n");
        for (int row = 0; row < 3000; row++)
        {
            DateTime at = new DateTime(2026, 1, 1).AddMinutes(row * 50);
            text.Append($"{at:yyyy-MM-ddTHH:mm:ss}Z,v-{row % 120:0000},{(row % 9 == 0 ? "cart" : "view")},S-{((row / 120 * 7) + row) % 80:000}\n");
        }

        string path = Path.Combine(folder, "clicks.csv");
        File.WriteAllText(path, text.ToString());
        return path;
    }
}
