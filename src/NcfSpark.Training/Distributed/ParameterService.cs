using System.Collections;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;

namespace NcfSpark.Training.Distributed;

/// <summary>Brings workers of other processes to the server, over gRPC.</summary>
internal sealed class ParameterService(ParameterServer server) : Wire.ParameterServer.ParameterServerBase
{
    public override Task<Wire.HelloReply> Hello(Wire.HelloRequest request, ServerCallContext context) => Answer(() =>
    {
        WorkerSetup setup = server.Hello(request.Worker, request.Attempt, InstanceOf(request.Instance), beats: true);
        return Task.FromResult(new Wire.HelloReply { Setup = JsonSerializer.Serialize(setup) });
    });

    public override Task<Wire.JoinReply> Join(Wire.JoinRequest request, ServerCallContext context) => Answer(async () =>
    {
        BitArray? used = request.UsedItems.IsEmpty ? null : new BitArray(request.UsedItems.ToByteArray());
        Assignment place = await server.Join(request.Worker, InstanceOf(request.Instance), request.Samples, used, WireTotals.From(request.Totals));
        return new Wire.JoinReply
        {
            Session = place.Session,
            Epoch = place.Epoch,
            Round = place.Round,
            LossSum = place.LossSum,
            HasState = place.HasState,
            Finished = place.Finished,
            Totals = WireTotals.To(place.Totals),
        };
    });

    public override Task<Wire.Nothing> Beat(Wire.BeatRequest request, ServerCallContext context) => Answer(() =>
    {
        server.Beat(request.Worker, InstanceOf(request.Instance), request.Session.Length == 0 ? null : request.Session, request.Samples, request.LossSum);
        return Task.FromResult(new Wire.Nothing());
    });

    public override Task ReadState(Wire.SessionRequest request, IServerStreamWriter<Wire.Block> responseStream, ServerCallContext context) => Answer(async () =>
    {
        await using FileStream file = File.OpenRead(server.StateOf(request.Session));
        byte[] buffer = new byte[TableBlock.LargestBlock];
        for (int read; (read = await file.ReadAsync(buffer)) > 0;)
        {
            await responseStream.WriteAsync(new Wire.Block { Content = ByteString.CopyFrom(buffer, 0, read) });
        }

        return true;
    });

    public override Task Pull(Wire.SessionRequest request, IServerStreamWriter<Wire.Block> responseStream, ServerCallContext context) => Answer(async () =>
    {
        server.CheckSession(request.Session);
        TableRows[] all = [.. server.Shared.Select(weight => new TableRows([.. Enumerable.Range(0, weight.Rows)], weight.Values.ToArray()))];
        foreach (byte[] block in TableBlock.Encode(all, server.Shared, half: false))
        {
            await responseStream.WriteAsync(new Wire.Block { Content = UnsafeByteOperations.UnsafeWrap(block) });
        }

        return true;
    });

    public override Task Exchange(
        IAsyncStreamReader<Wire.PushPart> requestStream, IServerStreamWriter<Wire.PullPart> responseStream, ServerCallContext context) => Answer(async () =>
    {
        Wire.PushHead? head = null;
        var reader = new TableBlock.Reader(server.Shared, server.Half);
        await foreach (Wire.PushPart part in requestStream.ReadAllAsync())
        {
            if (head is null)
            {
                head = part.Head ?? throw new RequestRejectedException("A push begins without its head.");
                server.CheckSession(head.Session); // before its blocks are taken in
            }

            else reader.Add(part.Block.Span);
        }

        if (head is null) throw new RequestRejectedException("A push is empty.");
        RoundReply reply = await server.Exchange(
            head.Session, new RoundPush(head.Epoch, head.Round, head.Samples, head.LossSum, WireTimes.From(head.Times), reader.Tables()));
        await responseStream.WriteAsync(new Wire.PullPart { Checkpoint = reply.Checkpoint });
        foreach (byte[] block in reply.Blocks(server.Shared, server.Half))
        {
            await responseStream.WriteAsync(new Wire.PullPart { Block = UnsafeByteOperations.UnsafeWrap(block) });
        }

        return true;
    });

    public override Task<Wire.EndEpochReply> EndEpoch(Wire.EndEpochRequest request, ServerCallContext context) => Answer(async () =>
    {
        ValidationScore? validation = request.HasValidation ? new ValidationScore(request.ValidationNdcg, request.ValidationUsers) : null;
        EpochVerdict verdict = await server.EndEpoch(request.Session, new EpochReport(request.Epoch, validation, WireTimes.From(request.Times)));
        return new Wire.EndEpochReply { SaveModel = verdict.SaveModel, Finished = verdict.Finished };
    });

    public override Task<Wire.Nothing> Save(IAsyncStreamReader<Wire.SavePart> requestStream, ServerCallContext context) => Answer(async () =>
    {
        if (!await requestStream.MoveNext() || requestStream.Current.Head is not { } head)
        {
            throw new RequestRejectedException("A file begins without its head.");
        }

        SaveKind kind = head.Model ? SaveKind.Model : SaveKind.Checkpoint;
        await using (var file = (FileStream)server.BeginFile(head.Session, kind, head.Part))
        {
            await foreach (Wire.SavePart part in requestStream.ReadAllAsync()) OnDisk(() => file.Write(part.Content.Span));
            OnDisk(() => file.Flush(flushToDisk: true));
        }

        server.EndFile(head.Session, kind, head.Part);
        return new Wire.Nothing();
    });

    public override Task<Wire.Nothing> Saved(Wire.SessionRequest request, ServerCallContext context) => Answer(async () =>
    {
        await server.Saved(request.Session);
        return new Wire.Nothing();
    });

    public override Task<Wire.Nothing> Fail(Wire.FailRequest request, ServerCallContext context) => Answer(() =>
    {
        server.FailBy(request.Worker, InstanceOf(request.Instance), WorkerFailure.Of(request.Kind, request.Message));
        return Task.FromResult(new Wire.Nothing());
    });

    // A full disk is no worker's fault: the run ends.
    private void OnDisk(Action write)
    {
        try
        {
            write();
        }
        catch (IOException failure)
        {
            server.Fail(failure);
            throw;
        }
    }

    private static Guid InstanceOf(string text) =>
        Guid.TryParse(text, out Guid instance) ? instance : throw new RequestRejectedException("The worker's instance is no GUID.");

    // What the server says no with, as a status that GrpcLink turns back.
    private static async Task<T> Answer<T>(Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (RequestRejectedException refused)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, refused.Message));
        }
        catch (RestartFromCheckpointException goBack)
        {
            throw new RpcException(new Status(StatusCode.Aborted, goBack.Message));
        }
        catch (RunEndedException over)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, over.Message));
        }
    }
}
