using System.Globalization;
using System.Security.Cryptography;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace NcfSpark.Storage.Tests.S3;

/// <summary>
/// As much of S3 as NcfSpark and the SDK's TransferUtility use, over files in a temporary folder: single puts with conditions, uploads in parts, ranges,
/// listings. Every body is checked against the hash that its signature names.
/// </summary>
public sealed class S3Objects : IS3Answers
{
    private static readonly XNamespace space = "http://s3.amazonaws.com/doc/2006-03-01/";

    private readonly string folder = Directory.CreateTempSubdirectory("ncfspark-s3-").FullName;
    private readonly SortedDictionary<string, Entry> objects = new(StringComparer.Ordinal); // by "bucket/key"; also the lock of everything here
    private readonly HashSet<string> buckets = [];
    private readonly Dictionary<string, Upload> uploads = [];
    private readonly HashSet<string> unlisted = [];

    /// <summary>Whether objects that are written from now on do not appear in listings; when it is set to false they do.</summary>
    public bool ListingLags
    {
        get;
        set
        {
            field = value;
            lock (objects) unlisted.Clear();
        }
    }

    /// <summary>Whether conditions of writes hold (default), are ignored, as some stores do, or are refused (501).</summary>
    public S3Conditions Conditions { get; set; }

    /// <summary>Whether begun uploads can be listed, which some stores cannot (default: true).</summary>
    public bool ListsUploads { get; set; } = true;

    /// <summary>
    /// A folder in which each object is a file BUCKET/KEY, too, and each file an object: for Spark, whose Hadoop sees such a folder as s3a://BUCKET
    /// (its ViewFileSystemOverloadScheme), without speaking S3. Null (default): none.
    /// </summary>
    public string? Shared { get; init; }

    public void MakeBucket(string name)
    {
        lock (objects) buckets.Add(name);
    }

    /// <summary>The bytes of an object; null where there is none.</summary>
    public byte[]? this[string key, string bucket = S3Server.Bucket]
    {
        get
        {
            lock (objects) return objects.TryGetValue($"{bucket}/{key}", out Entry? found) ? File.ReadAllBytes(found.Path) : null;
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public async Task Answer(HttpContext http)
    {
        string[] path = http.Request.Path.Value!.TrimStart('/').Split('/', 2);
        (string bucket, string key) = (path[0], path.Length > 1 ? path[1] : "");
        bool isThere;
        lock (objects)
        {
            if (Shared is not null) TakeIn(Shared);
            isThere = buckets.Contains(bucket);
        }

        IQueryCollection query = http.Request.Query;
        Task answer = (http.Request.Method, key.Length > 0) switch
        {
            _ when !isThere => S3Server.Refuse(http, 404, "NoSuchBucket", "The specified bucket does not exist"),
            ("GET", false) when query.ContainsKey("uploads") => ListUploads(http, bucket),
            ("GET", false) => List(http, bucket),
            ("GET", true) when query.ContainsKey("uploadId") => ListParts(http),
            ("GET" or "HEAD", true) => Get(http, $"{bucket}/{key}"),
            ("PUT", true) when query.ContainsKey("uploadId") => PutPart(http),
            ("PUT", true) => Put(http, $"{bucket}/{key}"),
            ("POST", true) when query.ContainsKey("uploads") => Begin(http, bucket, key),
            ("POST", true) when query.ContainsKey("uploadId") => Complete(http, $"{bucket}/{key}"),
            ("DELETE", true) => Delete(http, $"{bucket}/{key}"),
            _ => S3Server.Refuse(http, 501, "NotImplemented", "A header or query you provided implies functionality that is not implemented"),
        };
        await answer;
    }

    private async Task List(HttpContext http, string bucket)
    {
        IQueryCollection query = http.Request.Query;
        string prefix = query["prefix"].ToString(), delimiter = query["delimiter"].ToString(), after = query["continuation-token"].ToString();
        int most = int.TryParse(query["max-keys"], CultureInfo.InvariantCulture, out int given) ? given : 1000;
        (string Key, Entry Entry)[] all;
        lock (objects)
        {
            all = [.. objects.Where(one => one.Key.StartsWith($"{bucket}/{prefix}", StringComparison.Ordinal) && !unlisted.Contains(one.Key))
                .Select(one => (one.Key[(bucket.Length + 1)..], one.Value))];
        }

        (string Name, string Key, Entry? Entry)[] entries = [.. all.Select(one => delimiter.Length > 0
                && one.Key.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal) is var at and >= 0
                ? (one.Key[..(at + delimiter.Length)], "", (Entry?)null) : (one.Key, one.Key, one.Entry)).DistinctBy(one => one.Item1)
            .Where(one => string.CompareOrdinal(one.Item1, after) > 0)];
        (string Name, string Key, Entry? Entry)[] page = [.. entries.Take(most)];
        await Xml(http, new XElement(space + "ListBucketResult", new XElement(space + "IsTruncated", entries.Length > most ? "true" : "false"),
            entries.Length > most ? new XElement(space + "NextContinuationToken", page[^1].Name) : null,
            page.Select(one => one.Entry is { } entry
                ? new XElement(space + "Contents", new XElement(space + "Key", one.Key), new XElement(space + "Size", entry.Bytes),
                    new XElement(space + "ETag", entry.ETag), new XElement(space + "LastModified", entry.Modified.UtcDateTime))
                : new XElement(space + "CommonPrefixes", new XElement(space + "Prefix", one.Name)))));
    }

    private async Task Get(HttpContext http, string name)
    {
        FileStream file;
        Entry found;
        lock (objects)
        {
            if (!objects.TryGetValue(name, out found!))
            {
                file = null!;
            }
            else
            {
                file = File.OpenRead(found.Path);
            }
        }

        if (file is null)
        {
            await S3Server.Refuse(http, 404, "NoSuchKey", "The specified key does not exist.");
            return;
        }

        await using (file)
        {
            if (http.Request.Headers.IfMatch is [{ } match] && match != found.ETag)
            {
                await S3Server.Refuse(http, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
                return;
            }

            (long from, long to) = (0, found.Bytes);
            if (http.Request.GetTypedHeaders().Range?.Ranges.Single() is { } range)
            {
                (from, to) = (range.From ?? 0, Math.Min(found.Bytes, (range.To ?? found.Bytes - 1) + 1));
                if (from >= found.Bytes)
                {
                    await S3Server.Refuse(http, 416, "InvalidRange", "The requested range is not satisfiable");
                    return;
                }

                http.Response.StatusCode = 206;
                http.Response.Headers.ContentRange = $"bytes {from}-{to - 1}/{found.Bytes}";
            }

            http.Response.Headers.ETag = found.ETag;
            http.Response.Headers.LastModified = found.Modified.ToString("R", CultureInfo.InvariantCulture);
            http.Response.ContentLength = to - from;
            if (HttpMethods.IsHead(http.Request.Method)) return;
            file.Position = from;
            byte[] buffer = new byte[1 << 16];
            for (long left = to - from; left > 0;)
            {
                int read = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), http.RequestAborted);
                await http.Response.Body.WriteAsync(buffer.AsMemory(0, read), http.RequestAborted);
                left -= read;
            }
        }
    }

    private async Task Put(HttpContext http, string name)
    {
        if (await Receive(http) is not { } received) return;
        (string ifMatch, bool isNew) = (http.Request.Headers.IfMatch.ToString(), http.Request.Headers.IfNoneMatch.ToString() == "*");
        bool conditional = ifMatch.Length > 0 || isNew;
        if (conditional && Conditions == S3Conditions.Refused)
        {
            await S3Server.Refuse(http, 501, "NotImplemented", "A header you provided implies functionality that is not implemented");
            return;
        }

        bool isGone, holds;
        lock (objects)
        {
            string? now = objects.GetValueOrDefault(name)?.ETag;
            isGone = ifMatch.Length > 0 && now is null;
            holds = !conditional || Conditions == S3Conditions.Ignored || (isNew ? now is null : now == ifMatch);
            if (holds) Store(name, received);
        }

        if (holds) http.Response.Headers.ETag = received.ETag;
        else if (isGone) await S3Server.Refuse(http, 404, "NoSuchKey", "The specified key does not exist.");
        else await S3Server.Refuse(http, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
    }

    private Task Delete(HttpContext http, string name)
    {
        lock (objects)
        {
            if (http.Request.Query["uploadId"].ToString() is { Length: > 0 } upload) uploads.Remove(upload);
            else if (objects.Remove(name) && Shared is not null) File.Delete(Path.Combine(Shared, name)); // an open reader keeps its file
        }

        http.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    private async Task Begin(HttpContext http, string bucket, string key)
    {
        string id = Guid.NewGuid().ToString("N");
        lock (objects) uploads[id] = new Upload(bucket, key, TimeProvider.System.GetUtcNow());
        await Xml(http, new XElement(space + "InitiateMultipartUploadResult", new XElement(space + "Bucket", bucket), new XElement(space + "Key", key),
            new XElement(space + "UploadId", id)));
    }

    private async Task PutPart(HttpContext http)
    {
        if (await Receive(http) is not { } received) return;
        bool isThere;
        lock (objects)
        {
            isThere = uploads.TryGetValue(http.Request.Query["uploadId"].ToString(), out Upload? upload);
            if (isThere) upload!.Parts[int.Parse(http.Request.Query["partNumber"].ToString(), CultureInfo.InvariantCulture)] = received;
        }

        if (isThere) http.Response.Headers.ETag = received.ETag;
        else await S3Server.Refuse(http, 404, "NoSuchUpload", "The specified upload does not exist.");
    }

    private async Task Complete(HttpContext http, string name)
    {
        XDocument asked = await XDocument.LoadAsync(http.Request.Body, LoadOptions.None, http.RequestAborted);
        (int Number, string ETag)[] parts = [.. asked.Root!.Elements().Where(part => part.Name.LocalName == "Part").Select(part => (
            int.Parse(part.Elements().Single(one => one.Name.LocalName == "PartNumber").Value, CultureInfo.InvariantCulture),
            part.Elements().Single(one => one.Name.LocalName == "ETag").Value))];
        string id = http.Request.Query["uploadId"].ToString();
        Upload? upload;
        lock (objects) upload = uploads.GetValueOrDefault(id);
        if (upload is null)
        {
            await S3Server.Refuse(http, 404, "NoSuchUpload", "The specified upload does not exist.");
            return;
        }

        if (!parts.All(part => upload.Parts.TryGetValue(part.Number, out Entry? sent) && sent.ETag.Trim('"') == part.ETag.Trim('"')))
        {
            await S3Server.Refuse(http, 400, "InvalidPart", "One or more of the specified parts could not be found.");
            return;
        }

        string path = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        await using (FileStream whole = File.Create(path))
        {
            foreach ((int number, _) in parts)
            {
                await using FileStream part = File.OpenRead(upload.Parts[number].Path);
                await part.CopyToAsync(whole);
            }
        }

        string eTag = $"\"{Convert.ToHexStringLower(Md5(parts.SelectMany(part => Convert.FromHexString(part.ETag.Trim('"'))).ToArray()))}-{parts.Length}\"";
        lock (objects)
        {
            Store(name, new Entry(path, new FileInfo(path).Length, eTag, TimeProvider.System.GetUtcNow()));
            uploads.Remove(id);
        }

        foreach (Entry part in upload.Parts.Values) File.Delete(part.Path);
        await Xml(http, new XElement(space + "CompleteMultipartUploadResult", new XElement(space + "ETag", eTag)));
    }

    private async Task ListUploads(HttpContext http, string bucket)
    {
        if (!ListsUploads)
        {
            await S3Server.Refuse(http, 501, "NotImplemented", "A parameter you provided implies functionality that is not implemented");
            return;
        }

        string prefix = http.Request.Query["prefix"].ToString();
        KeyValuePair<string, Upload>[] all;
        lock (objects) all = [.. uploads.Where(one => one.Value.Bucket == bucket && one.Value.Key.StartsWith(prefix, StringComparison.Ordinal))];
        await Xml(http, new XElement(space + "ListMultipartUploadsResult", new XElement(space + "IsTruncated", "false"), all.Select(one => new XElement(
            space + "Upload", new XElement(space + "Key", one.Value.Key), new XElement(space + "UploadId", one.Key),
            new XElement(space + "Initiated", one.Value.Begun.UtcDateTime)))));
    }

    private async Task ListParts(HttpContext http)
    {
        KeyValuePair<int, Entry>[]? parts;
        lock (objects) parts = uploads.GetValueOrDefault(http.Request.Query["uploadId"].ToString())?.Parts.ToArray();
        if (parts is null)
        {
            await S3Server.Refuse(http, 404, "NoSuchUpload", "The specified upload does not exist.");
            return;
        }

        await Xml(http, new XElement(space + "ListPartsResult", new XElement(space + "IsTruncated", "false"), parts.Select(part => new XElement(
            space + "Part", new XElement(space + "PartNumber", part.Key), new XElement(space + "ETag", part.Value.ETag),
            new XElement(space + "Size", part.Value.Bytes)))));
    }

    // Null: refused, because the bytes are not those that were signed.
    private async Task<Entry?> Receive(HttpContext http)
    {
        string path = Path.Combine(folder, Guid.NewGuid().ToString("N")), signed = http.Request.Headers["x-amz-content-sha256"].ToString();
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        await using (FileStream file = File.Create(path))
        {
            byte[] buffer = new byte[1 << 16];
            Stream body = signed.StartsWith("STREAMING-", StringComparison.Ordinal) ? new AwsChunks(http.Request.Body) : http.Request.Body;
            int read;
            while ((read = await body.ReadAsync(buffer, http.RequestAborted)) > 0)
            {
                sha.AppendData(buffer, 0, read);
                md5.AppendData(buffer, 0, read);
                await file.WriteAsync(buffer.AsMemory(0, read));
            }
        }

        if (signed.Length == 64 && Convert.ToHexStringLower(sha.GetHashAndReset()) != signed)
        {
            await S3Server.Refuse(http, 400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.");
            return null;
        }

        return new Entry(path, new FileInfo(path).Length, $"\"{Convert.ToHexStringLower(md5.GetHashAndReset())}\"", TimeProvider.System.GetUtcNow());
    }

    private void Store(string name, Entry entry)
    {
        if (Shared is not null)
        {
            string path = Path.Combine(Shared, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(entry.Path, path, overwrite: true);
            entry = entry with { Path = path };
        }

        objects[name] = entry;
        if (ListingLags) unlisted.Add(name);
    }

    // What was written or deleted past this server. Hadoop's checksums are hidden files, which real object storage does not get.
    private void TakeIn(string shared)
    {
        foreach (string gone in objects.Where(one => !File.Exists(one.Value.Path)).Select(one => one.Key).ToArray()) objects.Remove(gone);
        foreach (string file in Directory.GetFiles(shared, "*", SearchOption.AllDirectories).Where(file => !Path.GetFileName(file).StartsWith('.')))
        {
            string name = Path.GetRelativePath(shared, file);
            if (objects.ContainsKey(name)) continue;
            byte[] bytes = File.ReadAllBytes(file);
            objects[name] = new Entry(file, bytes.Length, $"\"{Convert.ToHexStringLower(Md5(bytes))}\"", File.GetLastWriteTimeUtc(file));
        }
    }

#pragma warning disable CA5351 // S3's ETag
    private static byte[] Md5(byte[] bytes) => MD5.HashData(bytes);
#pragma warning restore CA5351

    private static async Task Xml(HttpContext http, XElement answer)
    {
        http.Response.ContentType = "application/xml";
        await http.Response.WriteAsync(answer.ToString());
    }

    private sealed record Entry(string Path, long Bytes, string ETag, DateTimeOffset Modified);

    private sealed record Upload(string Bucket, string Key, DateTimeOffset Begun)
    {
        public SortedDictionary<int, Entry> Parts { get; } = [];
    }
}

/// <summary>What a store makes of the conditions of a write.</summary>
public enum S3Conditions
{
    Hold,
    Ignored,
    Refused,
}
