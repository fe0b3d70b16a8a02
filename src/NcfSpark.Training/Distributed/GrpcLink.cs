using System.Collections;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using NcfSpark.Model;

namespace NcfSpark.Training.Distributed;

/// <summary>The way to a server in another process, over gRPC.</summary>
internal sealed class GrpcLink : IServerLink, IDisposable
{
    private static readonly TimeSpan forHello = TimeSpan.FromSeconds(30), betweenHellos = TimeSpan.FromSeconds(0.5);

    private readonly GrpcChannel channel;
    private readonly Wire.ParameterServer.ParameterServerClient client;
    private readonly Metadata token;
    private readonly int worker;
    private readonly int attempt;
    private readonly string instance = Guid.NewGuid().ToString();
    private IReadOnlyList<Weight> shared = [];
    private bool half;

    // Written by the worker's thread, read by the one that beats.
    private volatile string session = "";
    private long samples;
    private double lossSum;
    private volatile Exception? answerToBeat;
    private volatile string? otherCertificate; // the fingerprint of one that was shown and is not the run's

    public GrpcLink(WorkerCredentials credentials)
    {
        (worker, attempt) = (credentials.Worker, credentials.Attempt);
        token = new Metadata { { "authorization", $"Bearer {credentials.Token}" } };
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = 8 << 20,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => IsOfTheRun(shown, credentials.Certificate) },
        };
        // No limits: it trusts its server, which has them, and totals are of as many items as there are.
        var options = new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true, MaxReceiveMessageSize = null, MaxSendMessageSize = null };
        channel = GrpcChannel.ForAddress(credentials.Server, options);
        client = new Wire.ParameterServer.ParameterServerClient(channel);
    }

    /// <summary>Threads of the worker, instead of what the server says.</summary>
    public int? Threads { get; init; }

    public WorkerSetup Hello()
    {
        WorkerSetup setup = JsonSerializer.Deserialize<WorkerSetup>(Ask(SayHello).Setup)!;
        half = SharedParameters.TravelsAsHalf(setup.Train);
        return setup with { Threads = Threads is > 0 and var own ? own : setup.Threads };
    }

    public Assignment Join(long samplesOfEpoch, BitArray? used, SampleTotals totals)
    {
        (session, answerToBeat) = ("", null);
        byte[] bits = [];
        if (used is not null) used.CopyTo(bits = new byte[(used.Length + 7) / 8], 0);
        Wire.JoinReply reply = Ask(() => client.Join(new Wire.JoinRequest
        {
            Worker = worker,
            Instance = instance,
            Samples = samplesOfEpoch,
            UsedItems = ByteString.CopyFrom(bits),
            Totals = WireTotals.To(totals),
        }, token));
        (answerToBeat, session) = (null, reply.Session);
        return new Assignment(reply.Session, reply.Epoch, reply.Round, reply.LossSum, reply.HasState, reply.Finished, WireTotals.From(reply.Totals));
    }

    public void ReadState(string path) => Ask(async () =>
    {
        using AsyncServerStreamingCall<Wire.Block> call = client.ReadState(new Wire.SessionRequest { Session = session }, token);
        await using FileStream file = File.Create(path);
        await foreach (Wire.Block block in call.ResponseStream.ReadAllAsync()) await file.WriteAsync(block.Content.Memory);
        return true;
    });

    public void Pull(IReadOnlyList<Weight> into)
    {
        shared = into;
        TableRows[] all = Ask(async () =>
        {
            var reader = new TableBlock.Reader(shared, half: false);
            using AsyncServerStreamingCall<Wire.Block> call = client.Pull(new Wire.SessionRequest { Session = session }, token);
            await foreach (Wire.Block block in call.ResponseStream.ReadAllAsync()) reader.Add(block.Content.Span);
            return reader.Tables();
        });
        for (int t = 0; t < shared.Count; t++) all[t].ApplyTo(shared[t], half: false);
    }

    public RoundReply Exchange(RoundPush push, ref WorkerTimes times)
    {
        (RoundReply reply, WorkerTimes took) = Ask(() => ExchangeAsync(push));
        times = times.Plus(took);
        return reply;
    }

    public EpochVerdict EndEpoch(EpochReport report)
    {
        Wire.EndEpochReply reply = Ask(() => client.EndEpoch(
            new Wire.EndEpochRequest
            {
                Session = session,
                Epoch = report.Epoch,
                HasValidation = report.Validation is not null,
                ValidationNdcg = report.Validation?.Ndcg ?? 0,
                ValidationUsers = report.Validation?.Users ?? 0,
                Times = WireTimes.To(report.Times),
            },
            token));
        return new EpochVerdict(reply.SaveModel, reply.Finished);
    }

    public void Save(SaveKind kind, int part, Action<Stream> write) => Ask(async () =>
    {
        using AsyncClientStreamingCall<Wire.SavePart, Wire.Nothing> call = client.Save(token);
        await Send(async () =>
        {
            await call.RequestStream.WriteAsync(
                new Wire.SavePart { Head = new Wire.SaveHead { Session = session, Model = kind == SaveKind.Model, Part = part } });
            await Task.Run(() =>
            {
                using var blocks = new BlockStream(
                    block => call.RequestStream.WriteAsync(new Wire.SavePart { Content = ByteString.CopyFrom(block) }).GetAwaiter().GetResult());
                write(blocks);
            });
            await call.RequestStream.CompleteAsync();
        });
        return await call;
    });

    public void Saved() => Ask(() => client.Saved(new Wire.SessionRequest { Session = session }, token));

    public void Report(long samplesDone, double lossSumDone)
    {
        Volatile.Write(ref samples, samplesDone);
        Volatile.Write(ref lossSum, lossSumDone);
        if (answerToBeat is { } answer) throw answer;
    }

    public void Fail(Exception reason)
    {
        try
        {
            Ask(() => client.Fail(new Wire.FailRequest
            {
                Worker = worker,
                Instance = instance,
                Kind = WorkerFailure.KindOf(reason),
                Message = reason.Message,
            }, token));
        }
        catch (Exception answer) when (answer is RunEndedException or RequestRejectedException)
        {
            // Then it is over by something else, or goes on without this worker.
        }
    }

    /// <summary>
    /// Says once that the worker is there and how far it is. What the server answers is thrown by the next
    /// <see cref="Report"/>, or here where it means the end.
    /// </summary>
    /// <exception cref="RunEndedException">The run is over, or goes on without this attempt.</exception>
    /// <exception cref="RpcException">The server does not answer.</exception>
    public void Beat(TimeSpan timeout, TimeProvider time)
    {
        string of = session;
        try
        {
            client.Beat(
                new Wire.BeatRequest
                {
                    Worker = worker,
                    Instance = instance,
                    Session = of,
                    Samples = Volatile.Read(ref samples),
                    LossSum = Volatile.Read(ref lossSum),
                },
                token,
                deadline: (time.GetUtcNow() + timeout).UtcDateTime);
        }
        catch (RpcException said) when (Meaning(said) is { } meaning)
        {
            if (meaning is RestartFromCheckpointException && of == session) answerToBeat = meaning;
            if (meaning is RunEndedException) throw meaning;
        }
    }

    public void Dispose() => channel.Dispose();

    private bool IsOfTheRun(X509Certificate? shown, string expected)
    {
        string fingerprint = shown?.GetCertHashString(HashAlgorithmName.SHA256) ?? "none";
        if (fingerprint == expected) return true;
        otherCertificate = fingerprint;
        return false;
    }

    // The network may be away for a moment: a new attempt that ended at once would use up the run's attempts.
    private Wire.HelloReply SayHello()
    {
        using var enough = new CancellationTokenSource(forHello);
        while (true)
        {
            try
            {
                return client.Hello(new Wire.HelloRequest { Worker = worker, Attempt = attempt, Instance = instance }, token, cancellationToken: enough.Token);
            }
            catch (RpcException) when (otherCertificate is { } shown)
            {
                throw new RunEndedException($"What answers at {channel.Target} is not this run's parameter server: the SHA-256 of its certificate is {shown}. "
                    + "Another program listens there, or something stands between. Nothing was sent to it.");
            }
            catch (RpcException silence) when (enough.IsCancellationRequested)
            {
                throw new RunEndedException($"Nothing was heard of the server at {channel.Target} for {forHello.TotalSeconds:0} s: {silence.Status.Detail}");
            }
            catch (RpcException away) when (away.StatusCode == StatusCode.Unavailable)
            {
                enough.Token.WaitHandle.WaitOne(betweenHellos);
            }
        }
    }

    private async Task<(RoundReply Reply, WorkerTimes Took)> ExchangeAsync(RoundPush push)
    {
        long started = Stopwatch.GetTimestamp(), sent = 0, received = 0;
        using AsyncDuplexStreamingCall<Wire.PushPart, Wire.PullPart> call = client.Exchange(token);
        await Send(async () =>
        {
            await call.RequestStream.WriteAsync(new Wire.PushPart
            {
                Head = new Wire.PushHead
                {
                    Session = session,
                    Epoch = push.Epoch,
                    Round = push.Round,
                    Samples = push.Samples,
                    LossSum = push.LossSum,
                    Times = WireTimes.To(push.Times),
                },
            });
            foreach (byte[] block in TableBlock.Encode(push.Tables, shared, half))
            {
                await call.RequestStream.WriteAsync(new Wire.PushPart { Block = UnsafeByteOperations.UnsafeWrap(block) });
                sent += block.Length;
            }

            await call.RequestStream.CompleteAsync();
        });
        double sending = Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (!await call.ResponseStream.MoveNext()) throw new RequestRejectedException("The server ended a round without an answer.");
        bool checkpoint = call.ResponseStream.Current.Checkpoint;
        double waited = Stopwatch.GetElapsedTime(started).TotalSeconds - sending;
        var reader = new TableBlock.Reader(shared, half);
        await foreach (Wire.PullPart part in call.ResponseStream.ReadAllAsync())
        {
            reader.Add(part.Block.Span);
            received += part.Block.Length;
        }

        double all = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return (new RoundReply(reader.Tables(), checkpoint), new WorkerTimes(1, 0, waited, all - waited, sent, received));
    }

    // A server that says no before all is sent breaks the sending off; why stands in its answer, which is read next.
    private static async Task Send(Func<Task> send)
    {
        try
        {
            await send();
        }
        catch (Exception broken) when (broken is RpcException or IOException)
        {
        }
    }

    private static T Ask<T>(Func<Task<T>> call) => Ask(() => call().GetAwaiter().GetResult());

    // A broken connection means that the server is gone, or that it has given this worker up: the one that beats finds out which, and ends the process
    // where it is gone. Calls of a round are not tried again, since the server may have taken them in.
    private static T Ask<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (RpcException said) when (Meaning(said) is { } meaning)
        {
            throw meaning;
        }
        catch (RpcException said)
        {
            throw new RunEndedException($"The server is lost: {said.Status.Detail}");
        }
    }

    private static Exception? Meaning(RpcException said) => said.StatusCode switch
    {
        StatusCode.InvalidArgument => new RequestRejectedException(said.Status.Detail),
        StatusCode.Aborted => new RestartFromCheckpointException(said.Status.Detail),
        StatusCode.FailedPrecondition or StatusCode.Unauthenticated => new RunEndedException(said.Status.Detail),
        _ => null,
    };
}
