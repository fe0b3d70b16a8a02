using System.Diagnostics;
using System.Text.RegularExpressions;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>A master and two nodes (Spark's workers) on the loopback address, which write into one directory and end with this.</summary>
internal sealed class StandaloneCluster : IDisposable
{
    private const string Package = "org.apache.spark.deploy";

    private readonly List<Process> processes = [];
    private readonly string directory;

    public StandaloneCluster(string directory, int cores = 1)
    {
        this.directory = directory;
        Directory.CreateDirectory(directory);
        Start($"{Package}.master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0");
        Master = Started();
        for (int node = 1; node <= 2; node++)
        {
            Start($"{Package}.worker.Worker", Master, "--host", "127.0.0.1", "--cores", $"{cores}", "--memory", "1g", "--webui-port", "0", "--work-dir",
                Path.Combine(directory, $"{node}"));
        }
    }

    public string Master { get; }

    private IEnumerable<int> Nodes => processes.Skip(1).Select(process => process.Id);

    /// <summary>
    /// kill -9 of all of the node on which a process runs, as when its machine is lost: first the daemon, which would
    /// start anew what ends, then its executors and what runs in them.
    /// </summary>
    public void KillNodeOf(int process)
    {
        int[] node = Nodes.Select(OwnProcesses.TreeOf).Single(node => node.Contains(process));
        foreach (int one in node) OwnProcesses.Kill(one);
        Assert.True(OwnProcesses.Eventually(() => node.All(OwnProcesses.IsGone), TrainRun.Longest), "Some of a node is left.");
    }

    public void Dispose()
    {
        foreach (Process process in processes)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }
    }

    private void Start(params string[] arguments)
    {
        string home = SparkHome.Require();
        // Into a file: nobody reads a pipe here. exec, so that the process is Java itself.
        var start = new ProcessStartInfo("bash", ["-c", "exec \"$0\" \"$@\" >>\"$LOG\" 2>&1", Path.Combine(home, "bin", "spark-class"), .. arguments]);
        start.Environment["SPARK_HOME"] = home;
        start.Environment["SPARK_WORKER_DIR"] = directory;
        start.Environment["SPARK_LOCAL_DIRS"] = directory;
        start.Environment["LOG"] = Path.Combine(directory, "log");
        processes.Add(Process.Start(start)!);
    }

    // A port that was free before the master starts may be another's by then, so the master takes one itself and says which.
    private string Started()
    {
        string log = Path.Combine(directory, "log");
        while (true)
        {
            string said = File.Exists(log) ? File.ReadAllText(log) : "";
            Assert.False(processes[0].HasExited, $"The master did not start:\n{said}");
            if (said.Contains("I have been elected leader", StringComparison.Ordinal))
            {
                return Regex.Match(said, @"Starting Spark master at (spark://\S+)").Groups[1].Value;
            }

            Thread.Sleep(200);
        }
    }
}
