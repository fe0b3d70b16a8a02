using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using NcfSpark.Cluster;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Jobs.Tests.Cluster;

public sealed class WorkerArchiveTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ItRunsWhereThereIsNoDotnetHoldsNoNativesOfPackagesAndIsMadeOnce()
    {
        (string path, string alias) = WorkerArchive.Make(folder.Path, SilentProgress.Instance, TimeProvider.System);
        Assert.InRange(new FileInfo(path).Length, 1 << 20, 60 << 20);

        string there = Path.Combine(folder.Path, "there");
        using (var reader = new TarReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress)))
        {
            while (reader.GetNextEntry() is { } entry)
            {
                Assert.False(entry.Name.StartsWith("./", StringComparison.Ordinal), entry.Name);
                Assert.DoesNotContain("torch", Path.GetFileName(entry.Name).Replace("TorchSharp.dll", ""), StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain("libduckdb", entry.Name, StringComparison.Ordinal);
                string file = Path.Combine(there, entry.Name);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                entry.ExtractToFile(file, overwrite: false);
            }
        }

        File.WriteAllText(path, "not made again");
        Assert.Equal((path, alias), WorkerArchive.Make(folder.Path, SilentProgress.Instance, TimeProvider.System));
        Assert.Equal("not made again", File.ReadAllText(path));

        var start = new ProcessStartInfo(Path.Combine(there, "ncfspark"), ["--version"]) { RedirectStandardOutput = true, WorkingDirectory = there };
        start.Environment.Clear();
        using Process process = Process.Start(start)!;
        Assert.StartsWith("ncfspark 1.", process.StandardOutput.ReadToEnd(), StringComparison.Ordinal);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public void ArchivesThatNobodyUsedForAMonthGo()
    {
        string old = folder.Write("ncfspark-0123456789abcdef.tar.gz", "old"), recent = folder.Write("ncfspark-fedcba9876543210.tar.gz", "recent");
        File.SetLastWriteTimeUtc(old, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-31));
        WorkerArchive.Make(folder.Path, SilentProgress.Instance, TimeProvider.System);
        Assert.False(File.Exists(old));
        Assert.True(File.Exists(recent));
    }
}
