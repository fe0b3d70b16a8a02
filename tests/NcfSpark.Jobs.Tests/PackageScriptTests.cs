using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.Versioning;

namespace NcfSpark.Jobs.Tests;

/// <summary>build/package.sh with a stand-in for a finished build and for an installation of .NET.</summary>
[SupportedOSPlatform("linux")]
public sealed class PackageScriptTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string dotnet;

    public PackageScriptTests()
    {
        folder.Write("build/ncfspark.dll", "the program");
        folder.Write("build/.in-use", "");
        folder.Write("build/Other.xml", "documentation of a package");
        folder.Write("build/runtimes/linux-x64/native/libours.so", "ours");
        folder.Write("build/runtimes/win-x64/native/theirs.dll", "theirs");
        foreach (string version in new[] { "9.0.9", "10.0.1", "10.0.12" })
        {
            folder.Write($"net/host/fxr/{version}/libhostfxr.so", version);
            folder.Write($"net/shared/Microsoft.NETCore.App/{version}/System.dll", version);
            folder.Write($"net/shared/Microsoft.AspNetCore.App/{version}/Web.dll", version);
        }

        dotnet = folder.Write("net/dotnet", "#!/bin/sh\necho \"$@\"\n");
        File.SetUnixFileMode(dotnet, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void HoldsTheProgramTheNewestRuntimeAndWhatANewUserNeeds()
    {
        SortedDictionary<string, string> files = Files(Packed("a.tar.gz"));
        string[] expected = ["app/ncfspark.dll", "app/runtimes/linux-x64/native/libours.so", "dotnet/dotnet", "dotnet/host/fxr/10.0.12/libhostfxr.so",
            "dotnet/shared/Microsoft.NETCore.App/10.0.12/System.dll", "dotnet/shared/Microsoft.AspNetCore.App/10.0.12/Web.dll", "submit.sh", "LICENSE",
            "THIRD-PARTY-NOTICES.md", "conf/ml-latest-small-good.json", "tests/data/ml-latest-small/ratings.csv"];
        Assert.All(expected, name => Assert.Contains($"ncfspark/{name}", files.Keys));
        Assert.All(files.Keys, name => Assert.StartsWith("ncfspark/", name, StringComparison.Ordinal));
        string[] unwanted = ["win-x64", "Other.xml", ".in-use", "/9.0.9/", "/10.0.1/"];
        Assert.DoesNotContain(files.Keys, name => unwanted.Any(part => name.Contains(part, StringComparison.Ordinal)));
        Assert.Equal("the program", files["ncfspark/app/ncfspark.dll"]); // the file, not a link to it
    }

    [Fact]
    public void TheSameContentGivesTheSameBytes()
    {
        byte[] first = File.ReadAllBytes(Packed("a.tar.gz"));
        File.SetLastWriteTimeUtc(Path.Combine(folder.Path, "build/ncfspark.dll"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(first, File.ReadAllBytes(Packed("b.tgz")));
    }

    [Fact]
    public void UnpackedItStartsTheProgramByItsOwnRuntime()
    {
        using var content = new GZipStream(File.OpenRead(Packed("a.tar.gz")), CompressionMode.Decompress);
        string place = Path.Combine(folder.Path, "un packed");
        Directory.CreateDirectory(place);
        TarFile.ExtractToDirectory(content, place, overwriteFiles: false);
        string submit = Path.Combine(place, "ncfspark/submit.sh");
        Assert.Equal((0, $"{place}/ncfspark/app/ncfspark.dll score --run a b\n", ""), Run(submit, "score", "--run", "a b"));
        (int exitCode, _, string error) = Run(submit, "bench", "step");
        Assert.Equal(2, exitCode);
        Assert.Contains("bench needs the sources", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ncfspark.zip", "The archive is a .tar.gz")]
    [InlineData("missing/a.tar.gz", "cannot be written")]
    public void ABadNameIsRefusedBeforeAnyWork(string name, string says)
    {
        (int exitCode, _, string error) = Pack(Path.Combine(folder.Path, name));
        Assert.Equal(2, exitCode);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    private string Packed(string name)
    {
        string path = Path.Combine(folder.Path, name);
        (int exitCode, string output, string error) = Pack(path);
        Assert.True(exitCode == 0, error);
        Assert.Equal($"{path}\n", output);
        Assert.False(File.Exists($"{path}.tmp"));
        return path;
    }

    private (int ExitCode, string Output, string Error) Pack(string path) =>
        Run("bash", Repository.File("build/package.sh"), dotnet, Path.Combine(folder.Path, "build"), path);

    private static SortedDictionary<string, string> Files(string archive)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        using var tar = new TarReader(new GZipStream(File.OpenRead(archive), CompressionMode.Decompress));
        while (tar.GetNextEntry() is { } entry)
        {
            Assert.DoesNotContain(entry.EntryType, new[] { TarEntryType.SymbolicLink, TarEntryType.HardLink });
            if (entry.DataStream is { } content) files.Add(entry.Name, new StreamReader(content).ReadToEnd());
        }

        return files;
    }

    private static (int ExitCode, string Output, string Error) Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
