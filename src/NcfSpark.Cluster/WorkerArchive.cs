using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using NcfSpark.Core;

namespace NcfSpark.Cluster;

/// <summary>
/// This program as a .tar.gz that runs wherever there is a Linux like this one, without .NET: the assemblies that run
/// here, and the .NET runtime that runs them here. So the driver and the tasks compute with the same code, to the same
/// bits, and nothing has to be built. Native libraries of packages stay behind (libtorch and DuckDB, 1.5 GB): no task
/// uses them.
/// <code>
/// ncfspark                       starts the program: ./ncfspark VERB …
/// app/ncfspark.dll …             the program, and the assemblies that its deps.json names
/// dotnet  host/…  shared/…       the runtime, laid out as an installation is
/// </code>
/// It is made once for a content, in 5 s, and then lies in the user's cache under the hash of what it holds.
/// </summary>
public static class WorkerArchive
{
    private const string Program = "ncfspark";
    private static readonly TimeSpan Unused = TimeSpan.FromDays(30);

    // Parts of the runtime that only a debugger or a tracer loads.
    private static readonly string[] LeftOut = ["createdump", "libcoreclrtraceptprovider.so", "libmscordaccore.so", "libmscordbi.so",
        "Microsoft.DiaSymReader.Native.amd64.dll"];

    // Diagnostics off: a killed process would leave its pipes in /tmp. The threshold: glibc would keep the blocks that travel, up to 1 GB.
    private const string Launcher = """
        #!/bin/sh
        here=${0%/*}
        export DOTNET_EnableDiagnostics=0 DOTNET_NOLOGO=1 MALLOC_MMAP_THRESHOLD_=1048576
        unset DOTNET_STARTUP_HOOKS DOTNET_ADDITIONAL_DEPS
        exec "$here/dotnet" "$here/app/ncfspark.dll" "$@"

        """;

    /// <summary>The archive of this program, made if it is not there yet.</summary>
    /// <param name="cacheDirectory">Where archives lie; see <see cref="CacheDirectory"/>.</param>
    /// <param name="progress">Told while it is made.</param>
    /// <param name="time">For when others count as unused.</param>
    /// <exception cref="InvalidInputException">This program does not run on an installed .NET, or the directory cannot be written.</exception>
    public static (string Path, string Alias) Make(string cacheDirectory, IProgressReporter progress, TimeProvider time)
    {
        SortedDictionary<string, byte[]> texts = new(StringComparer.Ordinal)
        {
            [Program] = Encoding.UTF8.GetBytes(Launcher),
            [$"app/{Program}.runtimeconfig.json"] = Encoding.UTF8.GetBytes(RuntimeConfig()),
        };
        SortedDictionary<string, string> files = Files();
        string alias = $"{Program}-{Hash(texts, files)[..16]}", path = Path.Combine(cacheDirectory, $"{alias}.tar.gz");
        try
        {
            Directory.CreateDirectory(cacheDirectory);
            if (!File.Exists(path)) Write(path, texts, files, progress);
            File.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime);
            foreach (string old in Directory.GetFiles(cacheDirectory, $"{Program}-*.tar.gz"))
            {
                if (time.GetUtcNow() - File.GetLastWriteTimeUtc(old) > Unused) File.Delete(old);
            }
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException(
                $"{path}: the archive for Spark's tasks cannot be written: {cause.Message} Set XDG_CACHE_HOME to a directory with 40 MB of room.", cause);
        }

        return (path, alias);
    }

    /// <summary>$XDG_CACHE_HOME/ncfspark, by default ~/.cache/ncfspark.</summary>
    public static string CacheDirectory
    {
        get
        {
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            string parent = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set ? set
                : home.Length > 0 ? Path.Combine(home, ".cache")
                : Path.GetTempPath();
            return Path.Combine(parent, Program);
        }
    }

    // By the path within the archive.
    private static SortedDictionary<string, string> Files()
    {
        // …/shared/Microsoft.NETCore.App/10.0.12.
        string runtime = Path.TrimEndingDirectorySeparator(RuntimeEnvironment.GetRuntimeDirectory()), version = Path.GetFileName(runtime);
        string root = Path.GetFullPath(Path.Combine(runtime, "..", "..", "..")), resolver = Path.Combine(root, "host", "fxr", version, "libhostfxr.so");
        string app = AppContext.BaseDirectory;
        if (!OperatingSystem.IsLinux() || !File.Exists(Path.Combine(root, "dotnet")) || !File.Exists(resolver))
        {
            throw new InvalidInputException("What Spark's tasks run is made of this program and the .NET that runs it, an installed one of Linux; "
                + $"here it runs on {runtime}. Start it with ./submit.sh, or set Spark:Score to driver.");
        }

        var files = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["dotnet"] = Path.Combine(root, "dotnet"),
            [$"host/fxr/{version}/libhostfxr.so"] = resolver,
        };
        foreach (string file in Directory.GetFiles(runtime).Where(file => !LeftOut.Contains(Path.GetFileName(file))))
        {
            files[$"shared/Microsoft.NETCore.App/{version}/{Path.GetFileName(file)}"] = file;
        }

        foreach (string file in OfWebRuntime()) files[$"app/{Path.GetFileName(file)}"] = file;
        foreach (string name in Assemblies(Path.Combine(app, $"{Program}.deps.json"))) files[$"app/{name}"] = Path.Combine(app, name);
        return files;
    }

    // gRPC's client needs some assemblies that come with ASP.NET, which is not shipped.
    private static IEnumerable<string> OfWebRuntime() => ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        .Where(file => file.Contains("/Microsoft.AspNetCore.App/", StringComparison.Ordinal)
            && Path.GetFileName(file).StartsWith("Microsoft.Extensions.", StringComparison.Ordinal));

    // {"targets": {".NETCoreApp,Version=v10.0": {"Parquet.Net/6.1.0": {"runtime": {"lib/net10.0/Parquet.dll": {…}}}, …}}}
    private static IEnumerable<string> Assemblies(string dependencies) =>
        JsonNode.Parse(File.ReadAllText(dependencies))!["targets"]!.AsObject().SelectMany(target => target.Value!.AsObject())
            .SelectMany(library => library.Value!["runtime"]?.AsObject().Select(file => Path.GetFileName(file.Key)) ?? []);

    private static string RuntimeConfig() => new JsonObject
    {
        ["runtimeOptions"] = new JsonObject
        {
            ["tfm"] = "net10.0",
            ["framework"] = new JsonObject
            {
                ["name"] = "Microsoft.NETCore.App",
                ["version"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(RuntimeEnvironment.GetRuntimeDirectory())),
            },
            ["configProperties"] = new JsonObject { ["System.Globalization.Invariant"] = true, ["System.GC.Concurrent"] = false },
        },
    }.ToJsonString();

    private static string Hash(SortedDictionary<string, byte[]> texts, SortedDictionary<string, string> files)
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, byte[] text) in texts) Add(name, SHA256.HashData(text));
        foreach ((string name, string file) in files)
        {
            using FileStream stream = File.OpenRead(file);
            Add(name, SHA256.HashData(stream));
        }

        return Convert.ToHexStringLower(all.GetHashAndReset());

        void Add(string name, byte[] hash)
        {
            all.AppendData(Encoding.UTF8.GetBytes($"{name}\n"));
            all.AppendData(hash);
        }
    }

    private static void Write(string path, SortedDictionary<string, byte[]> texts, SortedDictionary<string, string> files, IProgressReporter progress)
    {
        using IProgressTask packing = progress.Start("packing this program for Spark's tasks", files.Count, "files");
        AtomicFile.Write(path, Pack, suffix: $".tmp-{Guid.NewGuid().ToString("N")[..8]}");

        void Pack(string temporary)
        {
            using var archive = new TaskArchive(temporary, CompressionLevel.Optimal);
            foreach ((string name, byte[] text) in texts) archive.Add(name, new MemoryStream(text), executable: name == Program);
            foreach ((string name, string source) in files)
            {
                archive.AddFile(name, source, executable: name == "dotnet");
                packing.Advance(1);
            }
        }
    }
}
