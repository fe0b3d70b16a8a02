using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using NcfSpark.Core;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// Spark's own Connect server, started for this process on the loopback address with a random token and stopped with it: by
/// <see cref="Dispose"/>, or by the shell around it (spark-server.sh) when this process is gone, however it went.
/// </summary>
public sealed class SparkConnectServer : IDisposable
{
    private const string ServerClass = "org.apache.spark.sql.connect.service.SparkConnectServer";
    private const int PortAttempts = 3;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200), StopLimit = TimeSpan.FromSeconds(15);

    // What to do about what a server says when it does not start.
    private static readonly (string Words, string Cure)[] Cures =
    [
        ("Could not parse Master URL", $"--master is none that this Spark knows: {MasterCheck.Known}."),
        ("Master must either be", $"--master is none that this Spark knows: {MasterCheck.Known}."),
        ("UnsupportedClassVersionError", "The Java here is too old for this Spark: Spark 4 needs Java 17 or 21. Set JAVA_HOME to one."),
        ("Failed to load class org.apache.spark.sql.connect",
            "This Spark has no Connect server in its jars: add --packages org.apache.spark:spark-connect_2.12:VERSION with its version, or use Spark 4."),
        ("HADOOP_CONF_DIR or YARN_CONF_DIR must be set", "Set HADOOP_CONF_DIR to the directory with the cluster's core-site.xml and yarn-site.xml."),
        ("Could not load KUBERNETES classes",
            "This Spark was built without its Kubernetes part: use a distribution that has jars/spark-kubernetes_*.jar, or another --master."),
        ("unresolved dependency",
            "What --packages names could not be downloaded: check its spelling and version, the network, or name another place with --repositories."),
        ("OutOfMemoryError", "Java had too little memory: give the driver more with --driver-memory, such as 4g."),
    ];

    private readonly Process process;
    private readonly ServerLog log;
    private bool stopped;

    private SparkConnectServer(Process process, ServerLog log, SparkConnectionString address) =>
        (this.process, this.log, Address, ProcessId) = (process, log, address, process.Id);

    /// <summary>With the token.</summary>
    public SparkConnectionString Address { get; }

    /// <summary>The shell's around Spark.</summary>
    internal int ProcessId { get; }

    /// <summary>Starts a server and waits until it answers.</summary>
    /// <exception cref="InvalidInputException">
    /// There is no Spark or Java here, the master is none or does not answer, or the server ended; with its last log lines and the cure.
    /// </exception>
    public static async Task<SparkConnectServer> StartAsync(SparkServerOptions options, CancellationToken cancellation = default)
    {
        SparkInstallation spark = SparkInstallation.Find(options.SparkHome);
        await MasterCheck.RequireAsync(options.Master, spark.Version, cancellation);
        if (spark.Version.StartsWith("3.", StringComparison.Ordinal))
        {
            options.Progress.Line($"Spark {spark.Version} has no token for its Connect server: while it runs, whoever reaches its port can run code as you. "
                + "Spark 4 has one.");
        }

        using IProgressTask waiting = options.Progress.Start($"starting Spark {spark.Version} on {options.Master}", 0, "");
        for (int attempt = 1; ; attempt++)
        {
            SparkConnectServer server = Launch(spark, options);
            try
            {
                await server.WaitUntilItAnswersAsync(options, waiting, cancellation);
                return server;
            }
            catch (InvalidInputException) when (attempt < PortAttempts && server.log.Contains("java.net.BindException"))
            {
                server.Dispose(); // somebody took the port between our look and the server's
            }
            catch
            {
                server.Dispose();
                throw;
            }
        }
    }

    /// <summary>How the server ended, with its last log lines; null while it runs.</summary>
    public string? HowItEnded()
    {
        if (!process.HasExited) return null;
        string how = process.ExitCode switch
        {
            128 + 9 => "was killed (signal 9; out of memory?)",
            > 128 and int code => $"was ended by signal {code - 128}",
            int code => $"ended with exit code {code}",
        };
        return $"The Spark server that NcfSpark had started {how}. Its last words:{log.Tail()}";
    }

    /// <summary>Stops the server and all that it started: asks (SIGTERM), and after 5 s kills.</summary>
    public void Dispose()
    {
        if (stopped) return;
        stopped = true;
        try
        {
            process.StandardInput.Close(); // what spark-server.sh waits for
            if (!process.WaitForExit(StopLimit)) process.Kill(entireProcessTree: true);
        }
        catch (Exception gone) when (gone is InvalidOperationException or IOException)
        {
            // It has ended by itself.
        }

        process.Dispose();
    }

    private static SparkConnectServer Launch(SparkInstallation spark, SparkServerOptions options)
    {
        var command = new SubmitCommand(spark, options);
        string scratch = Directory.CreateTempSubdirectory("ncfspark-").FullName, token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        int port = FreePort();
        string[] packages = SubmitCommand.Packages(
            options.SubmitArguments, spark.HasConnectServer ? null : $"org.apache.spark:spark-connect_{spark.ScalaVersion}:{spark.Version}");
        ProcessStartInfo start = command.StartInfo(scratch, ServerClass, [],
        [
            "--conf", "spark.connect.grpc.binding.address=127.0.0.1", "--conf", $"spark.connect.grpc.binding.port={port}", .. packages,
            "spark-internal", // spark-submit's word for "the class is in Spark's own jars"
        ]);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        start.Environment["SPARK_CONNECT_AUTHENTICATE_TOKEN"] = token; // not on the command line, which everyone on the machine may read

        var log = new ServerLog();
        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => log.Add(line.Data);
        process.ErrorDataReceived += (_, line) => log.Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new SparkConnectServer(process, log, SparkConnectionString.Local(port, token));
    }

    private async Task WaitUntilItAnswersAsync(SparkServerOptions options, IProgressTask waiting, CancellationToken cancellation)
    {
        long began = options.Time.GetTimestamp();
        while (true)
        {
            if (process.HasExited) throw new InvalidInputException(WhyItDidNotStart(options));
            if (MasterCheck.IsIgnored(options.Master, log)) throw new InvalidInputException(MasterCheck.Ignored(options.Master));
            try
            {
                await using SparkConnectClient client = await SparkConnectClient.ConnectAsync(
                    Address, new SparkConnectOptions { Time = options.Time }, cancellation);
                return;
            }
            catch (InvalidInputException notYet)
            {
                if (options.Time.GetElapsedTime(began) > options.StartLimit)
                {
                    throw new InvalidInputException($"The Spark server has not answered within {options.StartLimit.TotalSeconds:0} s: "
                        + $"{notYet.Message} Its last words:{log.Tail()}", notYet);
                }
            }

            waiting.Detail(log.Latest);
            await Task.Delay(BetweenLooks, options.Time, cancellation);
        }
    }

    private string WhyItDidNotStart(SparkServerOptions options)
    {
        process.WaitForExit(TimeSpan.FromSeconds(2)); // for the rest of its output
        string? cure = Cures.FirstOrDefault(known => log.Contains(known.Words)).Cure;
        return cure is null ? HowItEnded()! : $"{cure} {HowItEnded()}";
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>How a <see cref="SparkConnectServer"/> is started.</summary>
public sealed record SparkServerOptions : SubmitOptions
{
    /// <summary>How long the server may take to answer. A first start with --packages or --archives downloads and unpacks them.</summary>
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromMinutes(5);

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
