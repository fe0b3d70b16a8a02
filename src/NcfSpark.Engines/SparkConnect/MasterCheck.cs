using System.Net.Sockets;
using NcfSpark.Core;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>
/// Whether a master can be one, before a Spark is started for it: Spark itself takes seconds to say that a word is no master, and a minute to give up one that
/// does not answer.
/// </summary>
internal static class MasterCheck
{
    /// <summary>For messages.</summary>
    public const string Known = "local[*], local[4], local-cluster[executors,cores,MB], spark://host:port, yarn, or k8s://https://host:port";

    private const string Standalone = "spark://";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <exception cref="InvalidInputException">It is no master, or nothing listens there.</exception>
    public static async Task RequireAsync(string master, string sparkVersion, CancellationToken cancellation)
    {
        if (master.StartsWith("local", StringComparison.Ordinal)) RequireLocal(master);
        else if (master.StartsWith(Standalone, StringComparison.Ordinal)) await RequireStandaloneAsync(master, cancellation);
        else if (master != "yarn" && !master.StartsWith("k8s://", StringComparison.Ordinal)
            && !(master.StartsWith("mesos://", StringComparison.Ordinal) && sparkVersion.StartsWith("3.", StringComparison.Ordinal)))
        {
            string remote = master.StartsWith("sc://", StringComparison.Ordinal) ? " A Spark Connect server that runs is given with --remote." : "";
            throw new InvalidInputException($"--master {master} is no master that Spark knows: {Known}.{remote}");
        }
    }

    /// <summary>
    /// Whether none of the masters answers, though something listens there. Spark asks them all anew after 20 and 40 s, and gives up after 60. A master on
    /// a busy machine may need more than 20 s, so the third time decides.
    /// </summary>
    public static bool IsIgnored(string master, ServerLog log) =>
        master.StartsWith(Standalone, StringComparison.Ordinal) && log.Count("Connecting to master spark://") > 2 * Hosts(master).Length;

    public static string Ignored(string master) =>
        $"No Spark master answers at {master}: something listens there and says nothing to Spark. A master's port is 7077 by default (8080 is its web page), "
        + "and its Spark must be of the version here. Mend the address, or use --master 'local[*]'.";

    private static void RequireLocal(string master)
    {
        if (LocalMaster.Parse(master) is null or { Cores: 0 })
        {
            throw new InvalidInputException($"--master {master} is malformed: on this machine it is local[*] (all cores), local[4] (four), "
                + "or local-cluster[executors,cores,MB], such as local-cluster[2,1,1024].");
        }
    }

    private static async Task RequireStandaloneAsync(string masters, CancellationToken cancellation)
    {
        string problem = "";
        foreach (string master in Hosts(masters))
        {
            int colon = master.LastIndexOf(':');
            if (colon <= 0 || !ushort.TryParse(master[(colon + 1)..], out ushort port))
            {
                throw new InvalidInputException($"--master {masters}: \"{master}\" is not host:port; a standalone master listens on port 7077 by default.");
            }

            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(Limit);
            try
            {
                await socket.ConnectAsync(master[..colon].Trim('[', ']'), port, limit.Token);
                return;
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                problem = failure is SocketException ? failure.Message : $"no answer within {Limit.TotalSeconds:0} s";
            }
        }

        throw new InvalidInputException($"No Spark master answers at {masters} ({problem}). Start one ($SPARK_HOME/sbin/start-master.sh, and workers), "
            + "mend the address, or use --master 'local[*]'.");
    }

    private static string[] Hosts(string master) => master[Standalone.Length..].Split(',');
}
