using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;

namespace NcfSpark.Storage;

/// <summary>
/// A file sent in parts side by side. An attempt that was killed leaves its parts at the store; the next one of the same file finds them, compares their hashes
/// (ETag, which is the MD5 of a part in most stores) with the file's, and sends only the others.
/// </summary>
internal sealed class MultipartUpload(ObjectTransfer transfer, IAmazonS3 client, int parallel, string path, ObjectPlace place)
{
    private readonly long length = new FileInfo(path).Length;

    public async Task Run(CancellationToken cancellation)
    {
        (string? found, Dictionary<int, PartDetail> there) = await Earlier(cancellation);
        try
        {
            await Send(found ?? await Begin(cancellation), there, cancellation);
        }
        catch (AmazonS3Exception gone) when (found is not null && gone.ErrorCode == "NoSuchUpload")
        {
            await Send(await Begin(cancellation), [], cancellation); // the store has just cleared the earlier one away
        }
    }

    private async Task<string> Begin(CancellationToken cancellation) => (await transfer.Again(
        () => client.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = place.Bucket, Key = place.Key }, cancellation),
        cancellation)).UploadId;

    private async Task Send(string upload, Dictionary<int, PartDetail> there, CancellationToken cancellation)
    {
        long part = ObjectTransfer.PartBytesOf(length);
        var sent = new PartETag[(length + part - 1) / part];
        await Parallel.ForEachAsync(
            Enumerable.Range(1, sent.Length),
            new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation },
            async (number, stop) =>
            {
                long from = (number - 1) * part, bytes = Math.Min(part, length - from);
                PartDetail? earlier = there.GetValueOrDefault(number);
                string eTag = earlier?.Size == bytes && Unquoted(earlier.ETag) == await Md5Of(from, bytes, stop)
                    ? earlier.ETag
                    : await SendPart(upload, number, from, bytes, stop);
                sent[number - 1] = new PartETag(number, eTag);
            });
        await Complete(upload, sent, cancellation);
    }

    private async Task<string> SendPart(string upload, int number, long from, long bytes, CancellationToken cancellation) => (await transfer.Again(
        () => client.UploadPartAsync(
            new UploadPartRequest
            {
                BucketName = place.Bucket,
                Key = place.Key,
                UploadId = upload,
                PartNumber = number,
                FilePath = path,
                FilePosition = from,
                PartSize = bytes,
                UseChunkEncoding = false,
            },
            cancellation),
        cancellation)).ETag;

    private async Task Complete(string upload, PartETag[] parts, CancellationToken cancellation)
    {
        try
        {
            await transfer.Again(
                () => client.CompleteMultipartUploadAsync(
                    new CompleteMultipartUploadRequest { BucketName = place.Bucket, Key = place.Key, UploadId = upload, PartETags = [.. parts] }, cancellation),
                cancellation);
        }
        catch (AmazonS3Exception gone) when (gone.ErrorCode == "NoSuchUpload")
        {
            // The answer of an attempt that succeeded may have been lost.
            StoredObject? made = await transfer.Find(place, cancellation);
            if (made?.Bytes != length || !Unquoted(made.ETag).EndsWith($"-{parts.Length}", StringComparison.Ordinal)) throw;
        }
    }

    // The latest upload of this key that was begun and not ended. A store that cannot list them, or does not let this user, has the file sent anew.
    private async Task<(string? Upload, Dictionary<int, PartDetail> Parts)> Earlier(CancellationToken cancellation)
    {
        try
        {
            ListMultipartUploadsResponse begun = await client.ListMultipartUploadsAsync(
                new ListMultipartUploadsRequest { BucketName = place.Bucket, Prefix = place.Key }, cancellation);
            string? upload = (begun.MultipartUploads ?? []).Where(one => one.Key == place.Key).MaxBy(one => one.Initiated)?.UploadId;
            if (upload is null) return (null, []);
            var parts = new Dictionary<int, PartDetail>();
            var request = new ListPartsRequest { BucketName = place.Bucket, Key = place.Key, UploadId = upload };
            ListPartsResponse page;
            do
            {
                page = await client.ListPartsAsync(request, cancellation);
                foreach (PartDetail part in page.Parts ?? []) parts[part.PartNumber ?? 0] = part;
                request.PartNumberMarker = page.NextPartNumberMarker?.ToString(System.Globalization.CultureInfo.InvariantCulture);
            }
            while (page.IsTruncated == true);
            return (upload, parts);
        }
        catch (AmazonS3Exception cannot) when (cannot.ErrorCode is "NotImplemented" or "AccessDenied" or "NoSuchUpload" or "MethodNotAllowed")
        {
            return (null, []);
        }
    }

    private async Task<string> Md5Of(long from, long bytes, CancellationToken cancellation)
    {
#pragma warning disable CA5351 // it is how S3 names a part, and no secret depends on it
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
        using FileStream file = File.OpenRead(path);
        file.Position = from;
        byte[] buffer = new byte[1 << 17];
        for (long left = bytes; left > 0;)
        {
            int read = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellation);
            if (read == 0) break;
            hash.AppendData(buffer, 0, read);
            left -= read;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Unquoted(string? eTag) => (eTag ?? "").Trim('"').ToLowerInvariant();
}
