using System.Text.RegularExpressions;
using NcfSpark.Core;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>A Spark unpacked on this machine, and the Java that runs it.</summary>
internal sealed partial class SparkInstallation
{
    /// <summary>For a Spark that Connect serves.</summary>
    public const string ConnectCure = "Unpack Spark 3.5 to 4.3 (spark.apache.org/downloads.html, the package for Hadoop) and set SPARK_HOME to its directory; "
        + "or use a server that runs with --remote sc://host:port; or leave --master out, and DuckDB does the work in this process.";

    private SparkInstallation(string home) => Home = home;

    public string Home { get; }

    public string SparkSubmit => Path.Combine(Home, "bin", "spark-submit");

    /// <summary>Such as "4.3.0"; empty where the jars do not tell.</summary>
    public string Version { get; private init; } = "";

    /// <summary>Of its jars, such as "2.13".</summary>
    public string ScalaVersion { get; private init; } = "";

    /// <summary>Spark 4 brings its Connect server along; Spark 3.5 gets it by --packages.</summary>
    public bool HasConnectServer { get; private init; }

    /// <exception cref="InvalidInputException">There is no Spark, or no Java, or not here.</exception>
    /// <param name="sparkHome">Its directory; empty for the environment's.</param>
    public static SparkInstallation Find(string sparkHome, string cure = ConnectCure)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new InvalidInputException("--master needs Linux or macOS (on Windows: WSL). Use a server that runs with --remote sc://host:port.");
        }

        string home = FindHome(sparkHome, cure);
        if (!File.Exists(Path.Combine(home, "bin", "spark-submit")))
        {
            throw new InvalidInputException($"SPARK_HOME is {home}, and there is no bin/spark-submit in it. {cure}");
        }

        RequireJava();
        string jars = Path.Combine(home, "jars");
        string[] names = Directory.Exists(jars) ? [.. Directory.GetFiles(jars, "spark-*.jar").Select(path => Path.GetFileName(path))] : [];
        Match? core = names.Select(name => CoreJar().Match(name)).FirstOrDefault(match => match.Success);
        return new SparkInstallation(home)
        {
            ScalaVersion = core?.Groups[1].Value ?? "",
            Version = core?.Groups[2].Value ?? "",
            HasConnectServer = names.Any(name => name.StartsWith("spark-connect_", StringComparison.Ordinal)),
        };
    }

    /// <summary>The file of settings that spark-submit reads where it is given no other.</summary>
    public string DefaultsFile =>
        Path.Combine(Environment.GetEnvironmentVariable("SPARK_CONF_DIR") is { Length: > 0 } set ? set : Path.Combine(Home, "conf"), "spark-defaults.conf");

    /// <summary>A setting in a file of settings, which has the form of Java's properties; null where it is not there.</summary>
    public static string? Setting(string file, string key) =>
        File.Exists(file)
            ? File.ReadLines(file).Select(line => Property().Match(line)).LastOrDefault(line => line.Success && line.Groups[1].Value == key)?.Groups[2].Value
            : null;

    private static string FindHome(string sparkHome, string cure)
    {
        if (sparkHome.Length == 0) sparkHome = Environment.GetEnvironmentVariable("SPARK_HOME") ?? "";
        if (sparkHome.Length > 0) return Path.GetFullPath(sparkHome);
        string submit = OnPath("spark-submit")
            ?? throw new InvalidInputException($"There is no Spark: SPARK_HOME is not set, and spark-submit is not on the PATH. {cure}");
        string real = new FileInfo(submit).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? submit;
        return Path.GetDirectoryName(Path.GetDirectoryName(real))!;
    }

    private static void RequireJava()
    {
        const string javaCure = "Spark 4 needs Java 17 or 21, Spark 3.5 Java 8, 11 or 17 (Debian, Ubuntu: apt install openjdk-17-jre-headless).";
        string home = Environment.GetEnvironmentVariable("JAVA_HOME") ?? "";
        if (home.Length > 0 && !File.Exists(Path.Combine(home, "bin", "java")))
        {
            throw new InvalidInputException($"JAVA_HOME is {home}, and there is no bin/java in it. {javaCure}");
        }

        if (home.Length == 0 && OnPath("java") is null)
        {
            throw new InvalidInputException($"There is no Java: JAVA_HOME is not set, and java is not on the PATH. {javaCure}");
        }
    }

    internal static string? OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);

    [GeneratedRegex(@"^spark-core_([\d.]+)-(\d.*)\.jar$")]
    private static partial Regex CoreJar();

    [GeneratedRegex(@"^\s*([^\s=:#!][^\s=:]*)\s*[=:]?\s*(.*?)\s*$")]
    private static partial Regex Property();
}
