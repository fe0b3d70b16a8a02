using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace NcfSpark.Benchmarks;

/// <summary>
/// Requests over connections that stay open, a thread each, so that the load itself costs little. Requests are bytes that were made before; of an answer only
/// its status and length are read. An answer that is not 200 ends the measurement.
/// </summary>
internal sealed class HttpLoad(int port, int connections)
{
    private static readonly TimeSpan wakes = TimeSpan.FromMilliseconds(1); // a sleep may take as much longer as this

    /// <summary>Asks on every connection as soon as the answer before is there.</summary>
    /// <returns>Answers a second.</returns>
    public double Saturate(byte[][] requests, double seconds)
    {
        long began = Stopwatch.GetTimestamp();
        long answers = Run(requests, _ => Stopwatch.GetElapsedTime(began).TotalSeconds < seconds, _ => { });
        return answers / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>So many requests, as fast as they are answered.</summary>
    public void Send(byte[][] requests, int count) => Run(requests, number => number < count, _ => { });

    /// <summary>Asks at a steady rate, whether answers come or not.</summary>
    /// <param name="rate">Requests a second, over all connections.</param>
    /// <returns>Milliseconds from when each request was due to its answer, ascending.</returns>
    public double[] AtRate(byte[][] requests, double rate, double seconds)
    {
        int count = Math.Max(1, (int)(rate * seconds));
        double[] latencies = new double[count];
        long began = Stopwatch.GetTimestamp();
        double Late(long number) => Stopwatch.GetElapsedTime(began).TotalSeconds - number / rate;
        Run(requests, number =>
        {
            if (number >= count) return false;
            while (Late(number) < 0)
            {
                if (-Late(number) > 2 * wakes.TotalSeconds) Thread.Sleep(wakes);
                else Thread.Yield();
            }

            return true;
        }, number => latencies[number] = 1000 * Late(number));
        Array.Sort(latencies);
        return latencies;
    }

    // Requests are numbered over all connections; each is sent if it is wanted.
    private long Run(byte[][] requests, Func<long, bool> isWanted, Action<long> answered)
    {
        long next = -1, answers = 0;
        Exception? failure = null;
        Thread[] threads = [.. Enumerable.Range(0, connections).Select(_ => new Thread(() =>
        {
            try
            {
                using var client = new TcpClient("127.0.0.1", port) { NoDelay = true };
                NetworkStream stream = client.GetStream();
                byte[] buffer = new byte[1 << 16];
                for (long number = Interlocked.Increment(ref next); isWanted(number) && failure is null; number = Interlocked.Increment(ref next))
                {
                    stream.Write(requests[number % requests.Length]);
                    ReadAnswer(stream, buffer);
                    answered(number);
                    Interlocked.Increment(ref answers);
                }
            }
#pragma warning disable CA1031 // whatever it is, it ends the measurement, below
            catch (Exception fault)
#pragma warning restore CA1031
            {
                failure = fault;
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        return failure is null ? answers : throw new InvalidOperationException($"The load ended: {failure.Message}", failure);
    }

    private static void ReadAnswer(NetworkStream stream, byte[] buffer)
    {
        int length = 0, head;
        while ((head = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8)) < 0) length += ReadSome(stream, buffer.AsSpan(length));
        string heading = Encoding.ASCII.GetString(buffer, 0, head);
        if (!heading.StartsWith("HTTP/1.1 200", StringComparison.Ordinal)) throw new InvalidDataException(heading.Split('\r')[0]);
        const string Length = "Content-Length: ";
        int at = heading.IndexOf(Length, StringComparison.OrdinalIgnoreCase) + Length.Length;
        int left = head + 4 + int.Parse(heading.AsSpan(at, heading.AsSpan(at).IndexOfAny('\r', '\n') is >= 0 and var end ? end : heading.Length - at)) - length;
        while (left > 0) left -= ReadSome(stream, buffer.AsSpan(0, Math.Min(left, buffer.Length)));
    }

    private static int ReadSome(NetworkStream stream, Span<byte> buffer) =>
        stream.Read(buffer) is > 0 and var read ? read : throw new EndOfStreamException("the server closed the connection");
}
