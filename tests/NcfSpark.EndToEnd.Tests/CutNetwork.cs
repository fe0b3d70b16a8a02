using System.Net;
using System.Net.Sockets;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>A way to a port of this machine that can be cut as a network is: connections break, nothing passes, nobody answers.</summary>
internal sealed class CutNetwork : IDisposable
{
    private readonly TcpListener listener;
    private readonly int target;
    private readonly Lock gate = new();
    private readonly HashSet<TcpClient> connections = [];
    private readonly ManualResetEventSlim passes = new(initialState: true);
    private volatile bool refuses;
    private bool disposed;

    /// <param name="at">Address of this end; null: the loopback address.</param>
    public CutNetwork(int target, IPAddress? at = null)
    {
        this.target = target;
        listener = new TcpListener(at ?? IPAddress.Loopback, 0);
        listener.Start();
        new Thread(Accept) { IsBackground = true }.Start();
    }

    /// <summary>Host and port of this end.</summary>
    public string Address => listener.LocalEndpoint.ToString()!;

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>A port that nobody has; somebody else may take it before it is used, which is rare.</summary>
    public static int FreePort()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        return ((IPEndPoint)free.LocalEndpoint).Port;
    }

    /// <summary>Breaks all connections that there are.</summary>
    public void Break()
    {
        TcpClient[] all;
        lock (gate)
        {
            all = [.. connections];
            connections.Clear();
        }

        foreach (TcpClient one in all) one.Client.Close(0); // a reset, not an orderly end
    }

    /// <summary>
    /// From now on nothing passes, though connections stand, and new ones are made. What was sent arrives when it is
    /// over, as TCP sends it again.
    /// </summary>
    public void Swallow() => passes.Reset();

    /// <summary>Everything passes again.</summary>
    public void Heal()
    {
        refuses = false;
        passes.Set();
    }

    /// <summary>From now on all connections break, and new ones at once.</summary>
    public void Refuse()
    {
        refuses = true;
        Break();
    }

    public void Dispose()
    {
        lock (gate) disposed = true;
        passes.Set();
        listener.Stop();
        Break();
    }

    private void Accept()
    {
        try
        {
            while (true) Connect(listener.AcceptTcpClient());
        }
        catch (SocketException)
        {
            // Disposed.
        }
    }

    private void Connect(TcpClient from)
    {
        var to = new TcpClient();
        try
        {
            if (refuses) throw new SocketException((int)SocketError.ConnectionRefused);
            to.Connect(IPAddress.Loopback, target);
        }
        catch (SocketException)
        {
            from.Client.Close(0);
            return;
        }

        lock (gate)
        {
            if (disposed) return;
            connections.Add(from);
            connections.Add(to);
        }

        NetworkStream near = from.GetStream(), far = to.GetStream();
        new Thread(() => Pass(near, far)) { IsBackground = true }.Start();
        new Thread(() => Pass(far, near)) { IsBackground = true }.Start();
    }

    private void Pass(NetworkStream from, NetworkStream to)
    {
        byte[] buffer = new byte[1 << 16];
        try
        {
            for (int read; (read = from.Read(buffer)) > 0;)
            {
                passes.Wait();
                to.Write(buffer.AsSpan(0, read));
            }
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException)
        {
            // By one end, or by a cut.
        }

        from.Dispose();
        to.Dispose();
    }
}
