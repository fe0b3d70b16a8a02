using System.Runtime.Versioning;

namespace NcfSpark.Core.Tests;

public sealed class RunNightsTests : IDisposable
{
    private readonly string run = Directory.CreateTempSubdirectory("ncfspark-").FullName;
    private readonly RunNights nights;

    public RunNightsTests() => nights = new RunNights(run);

    public void Dispose() => Directory.Delete(run, recursive: true);

    [Theory]
    [InlineData("2026-11-24", true)]
    [InlineData("2026-11-24-2", true)]
    [InlineData("2026-11-24-10", true)]
    [InlineData("2026-02-30", false)] // no day
    [InlineData("2026-11-24-0", false)]
    [InlineData("2026-11-24-", false)]
    [InlineData("prepared", false)]
    [InlineData("../2026-11-24", false)]
    public void ANightIsADateWithOrWithoutANumber(string name, bool isName) => Assert.Equal(isName, RunNights.IsName(name));

    [Fact]
    public void NightsComeByDateAndNumberAndOthersAreNone()
    {
        foreach (string name in new[] { "2026-11-24-10", "2026-11-24-2", "2026-12-01", "2026-11-24", "prepared", "2025-01-01" })
        {
            Directory.CreateDirectory(nights.PathOf(name));
        }

        Assert.Equal(["2025-01-01", "2026-11-24", "2026-11-24-2", "2026-11-24-10", "2026-12-01"], nights.Names);
    }

    [Fact]
    public void APlaceThatIsNotThereHasNoNights()
    {
        var none = new RunNights(Path.Combine(run, "none"));
        Assert.Empty(none.Names);
        Assert.Null(none.Production);
    }

    [Fact]
    public void ThePointerLeadsToTheNightAndThenToTheNext()
    {
        foreach (string name in new[] { "2026-11-23", "2026-11-24" })
        {
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(nights.PathOf(name)).FullName, "name"), name);
            nights.PutInProduction(name);
            Assert.Equal(name, nights.Production);
            Assert.Equal(name, File.ReadAllText(Path.Combine(nights.CurrentPath, "name")));
        }

        Assert.Equal(["2026-11-23", "2026-11-24", "current"], Directory.GetFileSystemEntries(run).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void TheDirectoryMayBeMovedWithItsPointer()
    {
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(nights.PathOf("2026-11-24")).FullName, "name"), "it");
        nights.PutInProduction("2026-11-24");
        string elsewhere = $"{run}-moved";
        Directory.Move(run, elsewhere);
        try
        {
            Assert.Equal("it", File.ReadAllText(Path.Combine(elsewhere, "current", "name")));
        }
        finally
        {
            Directory.Move(elsewhere, run);
        }
    }

    [Fact]
    public async Task WhoeverReadsWhileThePointerIsChangedFindsANight()
    {
        string[] names = ["2026-11-23", "2026-11-24"];
        foreach (string name in names) File.WriteAllText(Path.Combine(Directory.CreateDirectory(nights.PathOf(name)).FullName, "name"), name);
        nights.PutInProduction(names[0]);
        using var end = new CancellationTokenSource();
        var reads = new TaskCompletionSource();
        Task reader = Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                Assert.Contains(File.ReadAllText(Path.Combine(nights.CurrentPath, "name")), names);
                reads.TrySetResult();
            }
        });
        await Task.WhenAny(reads.Task, reader);
        for (int change = 0; change < 20; change++) nights.PutInProduction(names[change % 2]);
        end.Cancel();
        await reader;
    }

    [Fact]
    public void ARemovedNightIsGoneAndWhatAKillLeftOfARemovalGoesLater()
    {
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(nights.PathOf("2026-11-24")).FullName, "file"), "");
        nights.Remove("2026-11-24");
        Directory.CreateDirectory(Path.Combine(run, ".pruned-2026-11-23", "model"));
        Assert.Empty(nights.Names);
        nights.ClearRemoved();
        Assert.Empty(Directory.GetFileSystemEntries(run));
    }

    [Fact]
    public void WhoHoldsTheRunDirectoryIsToldAndWhoHeldItIsForgotten()
    {
        using (RunLock.Take(run))
        {
            Assert.Contains($"process {Environment.ProcessId} on {Environment.MachineName}, since",
                Assert.Throws<InvalidInputException>(() => RunLock.Take(run)).Message, StringComparison.Ordinal);
        }

        RunLock.Take(run).Dispose();
        Assert.Equal([".lock"], Directory.GetFiles(run).Select(Path.GetFileName));
    }

    [Fact]
    public void ARunDirectoryThatWasMadeForTheLockAloneGoesWithIt()
    {
        string runs = Path.Combine(run, "runs"), named = Path.Combine(runs, "named");
        RunLock.Take(named).Dispose();
        Assert.Empty(Directory.GetFileSystemEntries(run));
        using (RunLock.Take(named)) File.WriteAllText(Path.Combine(named, "result"), "");
        Assert.Equal([".lock", "result"], Directory.GetFiles(named).Select(Path.GetFileName).Order());
        RunLock.Take(Path.Combine(runs, "other")).Dispose();
        Assert.Equal([named], Directory.GetDirectories(runs));
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public void ARunDirectoryIsItsOwnersAloneAndOneThatIsThereKeepsItsModes()
    {
        const UnixFileMode owners = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        UnixFileMode usual = File.GetUnixFileMode(Directory.CreateDirectory(Path.Combine(run, "usual")).FullName); // what the umask gives
        string named = Path.Combine(run, "runs", "named"), night = Path.Combine(named, "2026-11-24");
        using (RunLock.Take(named))
        using (RunLock.Take(night, isNight: true))
        {
            Assert.Equal((usual, owners, usual), (Mode(Path.GetDirectoryName(named)!), Mode(named), Mode(night)));
        }

        using (StageWriter.Begin(Path.Combine(run, "by-hand"), "prepared")) Assert.Equal(owners, Mode(Path.Combine(run, "by-hand")));
        for (int readers = 0; readers <= 0b111_111; readers++) // every mode that group and others can have
        {
            UnixFileMode chosen = owners | (UnixFileMode)readers;
            string mine = Directory.CreateDirectory(Path.Combine(run, $"mine-{readers}")).FullName;
            File.SetUnixFileMode(mine, chosen);
            RunLock.Take(mine).Dispose();
            StageWriter.Begin(mine, "prepared").Dispose();
            Assert.Equal(chosen, Mode(mine));
        }

        static UnixFileMode Mode(string path) => File.GetUnixFileMode(path);
    }

    [Fact]
    public void IdsAreFoundAgainWhateverTheirIndexesAre()
    {
        var now = new IdTable([5L, 7, 9], [1, 1, 1]);
        Assert.Equal([2, -1, 0], now.IndexesIn(new IdTable([9L, 1, 5], [0, 0, 0])));
        Assert.Equal([1, -1, 0], now.IndexesIn(new IdTable(["9", "5"], [0, 0]))); // the log's ids became texts
        Assert.Equal([1, 0, 2], now.WithInteractions([0, 2, 2]).Interactions);
    }
}
