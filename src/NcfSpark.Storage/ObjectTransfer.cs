using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Win32.SafeHandles;
using NcfSpark.Core;

namespace NcfSpark.Storage;

/// <summary>The bytes of objects, to and from files, without holding a file in memory.</summary>
internal sealed class ObjectTransfer(IAmazonS3 client, int parallel, TimeProvider time)
{
    public const long PartBytes = 16L << 20;   // doubled where a file would have more than 10,000 parts, which is S3's limit
    private const long PartsFrom = 64L << 20;
    private const int MostParts = 10_000;
    private const int Attempts = 6;            // of a part or a small object, 1, 2, 4, 8 and 16 s apart; the SDK repeats each of their requests twice
    private const int BufferBytes = 1 << 17;

    private volatile bool wasReached; // once a server has answered, one that is gone is waited for

    public async Task<StoredObject?> Find(ObjectPlace place, CancellationToken cancellation)
    {
        try
        {
            GetObjectMetadataResponse found = await Again(
                () => client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = place.Bucket, Key = place.Key }, cancellation), cancellation);
            return new StoredObject(place, found.ContentLength, found.ETag, found.LastModified ?? default);
        }
        catch (AmazonServiceException none) when (IsNotThere(none))
        {
            return null;
        }
    }

    public async Task<StoredBytes?> Read(ObjectPlace place, CancellationToken cancellation)
    {
        try
        {
            return await Again(
                async () =>
                {
                    using GetObjectResponse found = await client.GetObjectAsync(
                        new GetObjectRequest { BucketName = place.Bucket, Key = place.Key }, cancellation);
                    using var bytes = new MemoryStream();
                    await found.ResponseStream.CopyToAsync(bytes, cancellation);
                    if (bytes.Length != found.ContentLength) throw Short(bytes.Length, found.ContentLength);
                    return new StoredBytes(bytes.ToArray(), found.ETag);
                },
                cancellation);
        }
        catch (AmazonServiceException none) when (IsNotThere(none))
        {
            return null;
        }
    }

    public async Task Get(ObjectPlace place, string path, long? bytes, string? eTag, string? sha256, CancellationToken cancellation)
    {
        if (bytes is null || (bytes >= PartsFrom && eTag is null))
        {
            StoredObject found = await Find(place, cancellation) ?? throw NotThere(place);
            if (bytes is { } length && found.Bytes != length) throw OtherLength(place, found.Bytes, length);
            (bytes, eTag) = (found.Bytes, found.ETag);
        }

        string temporary = $"{path}.part-{Guid.NewGuid():N}";
        try
        {
            string? hash = null;
            for (int attempt = 0; attempt < 2 && (hash is null || hash != sha256); attempt++)
            {
                await Fetch(place, temporary, bytes.Value, eTag, cancellation);
                hash = string.IsNullOrEmpty(sha256) ? sha256 = "" : await HashOf(temporary, cancellation);
            }

            if (hash != sha256)
            {
                throw new InvalidInputException(
                    $"{place} is not what was written: its SHA-256 is {hash}, and {sha256} was recorded. Nothing was made from it.");
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public async Task Put(string path, ObjectPlace place, CancellationToken cancellation)
    {
        long length = new FileInfo(path).Length;
        if (length >= PartsFrom)
        {
            await new MultipartUpload(this, client, parallel, path, place).Run(cancellation);
            return;
        }

        await Again(
            () => client.PutObjectAsync(
                new PutObjectRequest { BucketName = place.Bucket, Key = place.Key, FilePath = path, UseChunkEncoding = false }, cancellation),
            cancellation);
    }

    /// <returns>The ETag; null where the condition did not hold.</returns>
    public async Task<string?> Put(ObjectPlace place, byte[] bytes, string? ifNoneMatch, string? ifMatch, CancellationToken cancellation)
    {
        try
        {
            return await Again(
                async () =>
                {
                    using var stream = new MemoryStream(bytes);
                    PutObjectResponse done = await client.PutObjectAsync(
                        new PutObjectRequest
                        {
                            BucketName = place.Bucket,
                            Key = place.Key,
                            InputStream = stream,
                            AutoCloseStream = false,
                            UseChunkEncoding = false,
                            IfNoneMatch = ifNoneMatch,
                            IfMatch = ifMatch,
                        },
                        cancellation);
                    return done.ETag;
                },
                cancellation);
        }
        catch (AmazonS3Exception lost) when (lost.StatusCode == HttpStatusCode.PreconditionFailed || (ifMatch is not null && IsNotThere(lost)))
        {
            // An answer may have been lost, and the request repeated: then it was this write that was faster.
            return await Read(place, cancellation) is { } now && now.Bytes.AsSpan().SequenceEqual(bytes) ? now.ETag : null;
        }
    }

    public Task Delete(IEnumerable<ObjectPlace> places, CancellationToken cancellation) => Parallel.ForEachAsync(
        places,
        new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation },
        async (place, stop) => await Again(() => client.DeleteObjectAsync(place.Bucket, place.Key, stop), stop));

    /// <summary>Repeats what failed for a reason that passes.</summary>
    public async Task<T> Again<T>(Func<Task<T>> attempt, CancellationToken cancellation)
    {
        for (int tried = 1; ; tried++)
        {
            try
            {
                T done = await attempt();
                wasReached = true;
                return done;
            }
            catch (Exception failure) when (tried < Attempts && StorageFault.MayPass(failure) && !cancellation.IsCancellationRequested
                && (wasReached || !StorageFault.NothingListens(failure)))
            {
                await Task.Delay(TimeSpan.FromSeconds(1 << (tried - 1)), time, cancellation);
            }
        }
    }

    /// <summary>Length of all parts but the last.</summary>
    public static long PartBytesOf(long length)
    {
        long part = PartBytes;
        while (part * MostParts < length) part *= 2;
        return part;
    }

    private async Task Fetch(ObjectPlace place, string path, long bytes, string? eTag, CancellationToken cancellation)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.Read, FileOptions.None, bytes);
        if (bytes < PartsFrom)
        {
            await FetchPart(place, file, 0, bytes, bytes, eTag, cancellation);
            return;
        }

        long part = PartBytesOf(bytes);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, (int)((bytes + part - 1) / part)),
            new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation },
            async (number, stop) => await FetchPart(place, file, number * part, Math.Min(bytes, (number + 1) * part), bytes, eTag, stop));
    }

    // Goes on where a body ended early, as long as it is the same object.
    private async Task FetchPart(ObjectPlace place, SafeFileHandle file, long from, long to, long bytes, string? eTag, CancellationToken cancellation)
    {
        long at = from;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await Again(
                async () =>
                {
                    bool whole = at == 0 && to == bytes;
                    using GetObjectResponse found = await client.GetObjectAsync(
                        new GetObjectRequest
                        {
                            BucketName = place.Bucket,
                            Key = place.Key,
                            EtagToMatch = eTag,
                            ByteRange = whole ? null : new ByteRange(at, to - 1),
                        },
                        cancellation);
                    if (whole && found.ContentLength != bytes) throw OtherLength(place, found.ContentLength, bytes);
                    eTag = found.ETag;
                    int read;
                    while ((read = await found.ResponseStream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, to - at)), cancellation)) > 0)
                    {
                        RandomAccess.Write(file, buffer.AsSpan(0, read), at);
                        at += read;
                    }

                    if (at < to) throw Short(at - from, to - from);
                    return at;
                },
                cancellation);
        }
        catch (AmazonS3Exception other) when (other.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            throw new InvalidInputException($"{place} was changed while it was read. Give the command again when nobody writes there.", other);
        }
        catch (AmazonServiceException none) when (IsNotThere(none))
        {
            throw NotThere(place);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<string> HashOf(string path, CancellationToken cancellation)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation));
    }

    // By the status, since some stores answer with XML that the SDK cannot read.
    private static bool IsNotThere(AmazonServiceException failure) => failure.StatusCode == HttpStatusCode.NotFound && failure.ErrorCode != "NoSuchBucket";

    private static IOException Short(long bytes, long expected) => new($"The answer ended after {bytes:N0} of {expected:N0} bytes.");

    private static InvalidInputException NotThere(ObjectPlace place) => new($"{place} is not there. Nothing was changed.");

    private static InvalidInputException OtherLength(ObjectPlace place, long bytes, long expected) =>
        new($"{place} has {bytes:N0} bytes where {expected:N0} were written or listed. Nothing was made from it.");
}
