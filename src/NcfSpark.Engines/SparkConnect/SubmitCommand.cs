namespace NcfSpark.Engines.SparkConnect;

/// <summary>The spark-submit that is a Connect server: its arguments and its environment.</summary>
internal sealed class SubmitCommand(SparkInstallation spark, SparkServerOptions options, string scratch)
{
    private const string ServerClass = "org.apache.spark.sql.connect.service.SparkConnectServer";

    private readonly LocalMaster? local = LocalMaster.Parse(options.Master);

    private string SettingsFile
    {
        get
        {
            int at = options.SubmitArguments.ToList().IndexOf("--properties-file");
            return at >= 0 && at + 1 < options.SubmitArguments.Count ? options.SubmitArguments[at + 1] : spark.DefaultsFile;
        }
    }

    public IEnumerable<string> Arguments(int port)
    {
        List<string> arguments = [spark.SparkSubmit, "--class", ServerClass, "--master", options.Master, "--name", "NcfSpark"];
        Default("spark.sql.catalogImplementation", "in-memory"); // Hive's would leave metastore_db in the working directory
        Default("spark.ui.enabled", "false");
        if (local is not null) Default("spark.sql.shuffle.partitions", local.ShufflePartitions.ToString());
        if (local is { IsCluster: false } && !options.SubmitArguments.Contains("--driver-memory")) Default("spark.driver.memory", LocalMaster.DriverMemory);
        arguments.AddRange(options.SubmitArguments);
        Set("spark.connect.grpc.binding.address", "127.0.0.1");
        Set("spark.connect.grpc.binding.port", port.ToString());
        if (!spark.HasConnectServer && !options.SubmitArguments.Contains("--packages")) arguments.AddRange(["--packages", $"org.apache.spark:spark-connect_{spark.ScalaVersion}:{spark.Version}"]);
        arguments.Add("spark-internal"); // spark-submit's word for "the class is in Spark's own jars"
        return arguments;

        void Set(string key, string value) => arguments.AddRange(["--conf", $"{key}={value}"]);

        void Default(string key, string value)
        {
            if (!SparkInstallation.Sets(SettingsFile, key)) Set(key, value);
        }
    }

    public void AddEnvironment(IDictionary<string, string?> environment, string token)
    {
        environment["SPARK_HOME"] = local is { IsCluster: true } ? HomeOfALocalCluster() : spark.Home;
        environment["SPARK_CONNECT_AUTHENTICATE_TOKEN"] = token; // not on the command line, which everyone on the machine may read
        if (local is null && !options.Master.StartsWith("spark:", StringComparison.Ordinal)) return; // elsewhere the directories are the cluster's business
        bool choosesDirectory = SparkInstallation.Sets(SettingsFile, "spark.local.dir") || options.SubmitArguments.Any(argument => argument.StartsWith("spark.local.dir=", StringComparison.Ordinal));
        if (!choosesDirectory) environment.TryAdd("SPARK_LOCAL_DIRS", Path.Combine(scratch, "local"));
        if (local is not null) environment.TryAdd("SPARK_LOCAL_IP", "127.0.0.1"); // driver and executors talk on this machine only, whatever its name resolves to
    }

    // The workers of a local-cluster write into $SPARK_HOME/work, whatever SPARK_WORKER_DIR says, and leave it there: they get a home of links.
    private string HomeOfALocalCluster()
    {
        DirectoryInfo home = Directory.CreateDirectory(Path.Combine(scratch, "home"));
        foreach (FileSystemInfo entry in new DirectoryInfo(spark.Home).EnumerateFileSystemInfos().Where(entry => entry.Name != "work"))
        {
            File.CreateSymbolicLink(Path.Combine(home.FullName, entry.Name), entry.FullName);
        }

        return home.FullName;
    }
}
