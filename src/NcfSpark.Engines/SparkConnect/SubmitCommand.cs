using System.Diagnostics;
using NcfSpark.Core;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// A spark-submit that runs for this process: its arguments, its environment, and the shell around it
/// (spark-server.sh), which ends it with all that it started when this process closes its standard input or is gone.
/// </summary>
internal sealed class SubmitCommand
{
    private readonly SparkInstallation spark;
    private readonly SubmitOptions options;
    private readonly LocalMaster? local;

    /// <exception cref="InvalidInputException">It would run the driver elsewhere.</exception>
    public SubmitCommand(SparkInstallation spark, SubmitOptions options)
    {
        (this.spark, this.options, local) = (spark, options, LocalMaster.Parse(options.Master));
        RequireClientMode(Option("--deploy-mode") ?? Setting("spark.submit.deployMode") ?? Environment.GetEnvironmentVariable("DEPLOY_MODE"));
    }

    /// <summary>What the user gave for a setting of Spark, on the command line or in the file of settings; null where nothing was.</summary>
    public string? Setting(string key)
    {
        for (int i = options.SubmitArguments.Count - 2; i >= 0; i--)
        {
            if (options.SubmitArguments[i] == "--conf" && options.SubmitArguments[i + 1].StartsWith($"{key}=", StringComparison.Ordinal))
            {
                return options.SubmitArguments[i + 1][(key.Length + 1)..];
            }
        }

        return SparkInstallation.Setting(Option("--properties-file") ?? spark.DefaultsFile, key);
    }

    /// <summary>What the user gave for an option of spark-submit; null where nothing was.</summary>
    public string? Option(string name)
    {
        int at = options.SubmitArguments.ToList().LastIndexOf(name);
        return at >= 0 && at + 1 < options.SubmitArguments.Count ? options.SubmitArguments[at + 1] : null;
    }

    /// <summary>What starts it. Standard input is a pipe: as long as it is open, it runs.</summary>
    /// <param name="scratch">A directory for what Spark writes beside its results; it is removed at the end.</param>
    /// <param name="defaults">Settings, beside those of every Spark here, where the user gave no others.</param>
    /// <param name="last">What stands behind the user's arguments: options that win over theirs, and what is run.</param>
    public ProcessStartInfo StartInfo(string scratch, string mainClass, IEnumerable<(string Key, string Value)> defaults, IEnumerable<string> last)
    {
        using Stream script = typeof(SubmitCommand).Assembly.GetManifestResourceStream("spark-server.sh")!;
        using var reader = new StreamReader(script);
        // A session of its own for the shell too, so that killing this process's group leaves it alive to clear up.
        string[] shell = ["bash", "-c", reader.ReadToEnd(), "spark-server.sh", scratch];
        if (SparkInstallation.OnPath("setsid") is not null) shell = ["setsid", .. shell];
        IEnumerable<string> settings = Defaults(scratch).Concat(defaults).Where(one => Setting(one.Key) is null)
            .SelectMany(one => new[] { "--conf", $"{one.Key}={one.Value}" });
        var start = new ProcessStartInfo(
            shell[0],
            [.. shell[1..], spark.SparkSubmit, "--class", mainClass, "--master", options.Master, "--name", options.Name, .. settings,
                .. options.SubmitArguments, .. last]) { RedirectStandardInput = true };
        AddEnvironment(start.Environment, scratch);
        return start;
    }

    /// <summary>
    /// One --packages with all that were given, since spark-submit takes the last of several only, and with Spark 3.5's
    /// Connect server among them, where none is there: [--packages a --conf b=c --packages d] and a server make
    /// [--packages a,d,server]; nothing where there are none.
    /// </summary>
    internal static string[] Packages(IReadOnlyList<string> given, string? server)
    {
        const string option = "--packages";
        List<string> packages = [.. given.Where((_, at) => at > 0 && given[at - 1] == option)];
        if (server is not null && !packages.Any(package => package.Contains(":spark-connect_", StringComparison.Ordinal))) packages.Add(server);
        return packages.Count == 0 ? [] : [option, string.Join(',', packages)];
    }

    /// <exception cref="InvalidInputException">It is not client mode, which is the default.</exception>
    public static void RequireClientMode(string? deployMode)
    {
        if (deployMode is null or "client") return;
        throw new InvalidInputException(
            $"Spark's deploy mode is \"{deployMode}\", and NcfSpark works in client mode only: Spark's driver runs beside it, "
            + "on the machine that has the run directory. Leave out --deploy-mode and spark.submit.deployMode (also in spark-defaults.conf; "
            + "client is the default), and start it on a machine that the executors reach; "
            + "to have all of it on the cluster, start it in a container there (jobs/clusters/kubernetes.md).");
    }

    private IEnumerable<(string Key, string Value)> Defaults(string scratch)
    {
        if (Setting("spark.sql.catalogImplementation") is null)
        {
            yield return ("spark.sql.catalogImplementation", "in-memory"); // Hive's would leave metastore_db in the working directory
            yield return ("spark.sql.warehouse.dir", new Uri(Path.Combine(scratch, "warehouse")).AbsoluteUri); // would be spark-warehouse there
        }

        yield return ("spark.ui.enabled", "false");
        if (local is not null) yield return ("spark.sql.shuffle.partitions", local.ShufflePartitions.ToString());
        if (local is { IsCluster: false } && Option("--driver-memory") is null) yield return ("spark.driver.memory", LocalMaster.DriverMemory);
    }

    private void AddEnvironment(IDictionary<string, string?> environment, string scratch)
    {
        environment["SPARK_HOME"] = local is { IsCluster: true } ? HomeOfALocalCluster(scratch) : spark.Home;
        if (local is null && !options.Master.StartsWith("spark:", StringComparison.Ordinal)) return; // elsewhere the directories are the cluster's business
        if (Setting("spark.local.dir") is null) environment.TryAdd("SPARK_LOCAL_DIRS", Path.Combine(scratch, "local"));
        // Driver and executors talk on this machine only, whatever its name resolves to.
        if (local is not null) environment.TryAdd("SPARK_LOCAL_IP", "127.0.0.1");
    }

    // The workers of a local-cluster write into $SPARK_HOME/work, whatever SPARK_WORKER_DIR says, and leave it there: they get a home of links.
    private string HomeOfALocalCluster(string scratch)
    {
        DirectoryInfo home = Directory.CreateDirectory(Path.Combine(scratch, "home"));
        foreach (FileSystemInfo entry in new DirectoryInfo(spark.Home).EnumerateFileSystemInfos().Where(entry => entry.Name != "work"))
        {
            File.CreateSymbolicLink(Path.Combine(home.FullName, entry.Name), entry.FullName);
        }

        return home.FullName;
    }
}

/// <summary>A Spark that is started for this process with spark-submit.</summary>
public abstract record SubmitOptions
{
    /// <summary>Where Spark computes: local[*], local[4], local-cluster[n,cores,MB], spark://host:port, yarn, k8s://…</summary>
    public required string Master { get; init; }

    /// <summary>Spark's directory. Empty for the environment's SPARK_HOME, or else the one that spark-submit on the PATH belongs to.</summary>
    public string SparkHome { get; init; } = "";

    /// <summary>
    /// Further arguments of spark-submit, as they are: ["--conf", "spark.driver.memory=4g", "--packages", "…"]. They
    /// win over the defaults here and over spark-defaults.conf.
    /// </summary>
    public IReadOnlyList<string> SubmitArguments { get; init; } = [];

    /// <summary>What Spark's UI and the cluster's manager call the application, unless <see cref="SubmitArguments"/> say it.</summary>
    public string Name { get; init; } = "NcfSpark";

    public IProgressReporter Progress { get; init; } = SilentProgress.Instance;
}
