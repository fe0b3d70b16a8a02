using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NcfSpark.Engines.Tests.SparkConnect;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>A master and two workers of one core on the loopback address, which write into one directory and end with this.</summary>
internal sealed class StandaloneCluster : IDisposable
{
    private const string Package = "org.apache.spark.deploy";

    private readonly List<Process> processes = [];
    private readonly string directory;

    public StandaloneCluster(string directory)
    {
        this.directory = directory;
        Directory.CreateDirectory(directory);
        int port = FreePort();
        Master = $"spark://127.0.0.1:{port}";
        Start($"{Package}.master.Master", "--host", "127.0.0.1", "--port", $"{port}", "--webui-port", "0");
        while (!Answers(port)) Thread.Sleep(200);
        for (int worker = 1; worker <= 2; worker++)
        {
            Start($"{Package}.worker.Worker", Master, "--host", "127.0.0.1", "--cores", "1", "--memory", "1g", "--webui-port", "0", "--work-dir", Path.Combine(directory, $"{worker}"));
        }
    }

    public string Master { get; }

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

    private bool Answers(int port)
    {
        Assert.False(processes[0].HasExited, "The master did not start.");
        try
        {
            using var client = new TcpClient("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
