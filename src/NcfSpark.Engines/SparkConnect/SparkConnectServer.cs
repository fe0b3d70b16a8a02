using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using NcfSpark.Data;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// Spark's own Connect server, started for this process on the loopback address with a random token and stopped with it: by
/// <see cref="Dispose"/>, or by the shell around it (spark-server.sh) when this process is gone, however it went.
/// </summary>
public sealed class SparkConnectServer : IDisposable
{
    private const int PortAttempts = 3;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(200), StopLimit = TimeSpan.FromSeconds(15), MasterLimit = TimeSpan.FromSeconds(5);

    private readonly Process process;
    private readonly ServerLog log;
    private bool stopped;

    private SparkConnectServer(Process process, ServerLog log, SparkConnectionString address) => (this.process, this.log, Address, ProcessId) = (process, log, address, process.Id);

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
        await RequireMasterAsync(options, cancellation);
        if (spark.Version.StartsWith("3.", StringComparison.Ordinal))
        {
            options.Progress.Line($"Spark {spark.Version} has no token for its Connect server: while it runs, whoever reaches its port can run code as you. Spark 4 has one.");
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
        string scratch = Directory.CreateTempSubdirectory("ncfspark-").FullName, token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        int port = FreePort();
        using Stream script = typeof(SparkConnectServer).Assembly.GetManifestResourceStream("spark-server.sh")!;
        using var reader = new StreamReader(script);
        // A session of its own for the shell too, so that killing this process's group leaves it alive to clear up.
        string[] shell = ["bash", "-c", reader.ReadToEnd(), "spark-server.sh", scratch];
        if (SparkInstallation.OnPath("setsid") is not null) shell = ["setsid", .. shell];
        var command = new SubmitCommand(spark, options, scratch);
        var start = new ProcessStartInfo(shell[0], [.. shell[1..], .. command.Arguments(port)]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        command.AddEnvironment(start.Environment, token);

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
            try
            {
                await using SparkConnectClient client = await SparkConnectClient.ConnectAsync(Address, new SparkConnectOptions { Time = options.Time }, cancellation);
                return;
            }
            catch (InvalidInputException notYet)
            {
                if (options.Time.GetElapsedTime(began) > options.StartLimit)
                {
                    throw new InvalidInputException($"The Spark server has not answered within {options.StartLimit.TotalSeconds:0} s: {notYet.Message} Its last words:{log.Tail()}", notYet);
                }
            }

            waiting.Detail(log.Latest);
            await Task.Delay(BetweenLooks, options.Time, cancellation);
        }
    }

    private string WhyItDidNotStart(SparkServerOptions options)
    {
        process.WaitForExit(TimeSpan.FromSeconds(2)); // for the rest of its output
        string cure = "";
        if (log.Contains("Could not parse Master URL") || log.Contains("Master must either be"))
        {
            cure = $"\"{options.Master}\" is no master that Spark knows: local[*], local[4], local-cluster[executors,cores,MB], spark://host:port, yarn, or k8s://host:port. ";
        }
        else if (log.Contains("UnsupportedClassVersionError")) cure = "The Java here is too old for this Spark: Spark 4 needs Java 17 or 21. Set JAVA_HOME to one. ";
        else if (log.Contains("Failed to load class org.apache.spark.sql.connect")) cure = "This Spark has no Connect server in its jars: add --packages org.apache.spark:spark-connect_2.12:VERSION with its version, or use Spark 4. ";
        return cure + HowItEnded();
    }

    // Spark itself tries a standalone master for a minute before it gives up.
    private static async Task RequireMasterAsync(SparkServerOptions options, CancellationToken cancellation)
    {
        const string scheme = "spark://";
        if (!options.Master.StartsWith(scheme, StringComparison.Ordinal)) return;
        string[] masters = options.Master[scheme.Length..].Split(',');
        string problem = "";
        foreach (string master in masters)
        {
            int colon = master.LastIndexOf(':');
            if (colon <= 0 || !int.TryParse(master[(colon + 1)..], out int port)) throw new InvalidInputException($"--master {options.Master}: \"{master}\" is not host:port; a standalone master listens on port 7077 by default.");
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(MasterLimit);
            try
            {
                await socket.ConnectAsync(master[..colon].Trim('[', ']'), port, limit.Token);
                return;
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                problem = failure is SocketException ? failure.Message : $"no answer within {MasterLimit.TotalSeconds:0} s";
            }
        }

        throw new InvalidInputException($"No Spark master answers at {options.Master} ({problem}). Start one ($SPARK_HOME/sbin/start-master.sh, and workers), mend the address, or use --master 'local[*]'.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
