using Amazon.S3;
using Amazon.S3.Model;
using NcfSpark.Core;

namespace NcfSpark.Storage;

/// <summary>
/// Objects in S3 and in whatever speaks its protocol. Requests that fail for a reason that passes (500, 503 SlowDown, a connection that breaks, a
/// body that ends early) are repeated for about half a minute. Safe for several threads.
/// </summary>
/// <remarks>
/// All methods throw <see cref="InvalidInputException"/> where somebody has to change something (credentials, bucket, permission, clock, endpoint) and
/// <see cref="StorageUnavailableException"/> where trying later may help.
/// </remarks>
public sealed class ObjectStore : IDisposable
{
    private readonly AmazonS3Client client;
    private readonly ObjectTransfer transfer;
    private readonly StorageFault faults;

    /// <param name="time">Waits between attempts.</param>
    public ObjectStore(StorageOptions options, TimeProvider? time = null)
    {
        var endpoint = StorageEndpoint.Of(options);
        faults = new StorageFault(endpoint);
        client = endpoint.Client();
        transfer = new ObjectTransfer(client, options.Parallel, time ?? TimeProvider.System);
    }

    /// <summary>All objects below a place, by their keys, of which those of folders themselves (a slash at the end) are left out.</summary>
    /// <param name="nameBegins">What the rest of the key begins with.</param>
    public IReadOnlyList<StoredObject> List(ObjectPlace folder, string nameBegins = "", CancellationToken cancellation = default) =>
        Wait(folder, "listed", async () =>
        {
            var found = new List<StoredObject>();
            await foreach (ListObjectsV2Response page in Pages(folder.Bucket, folder.Prefix + nameBegins, delimiter: null, cancellation))
            {
                found.AddRange(from one in page.S3Objects ?? []
                               where !one.Key.EndsWith('/')
                               select new StoredObject(folder with { Key = one.Key }, one.Size ?? 0, one.ETag, one.LastModified ?? default));
            }

            return found;
        });

    /// <summary>The names that follow a place's key and are followed by a slash: its folders, in order.</summary>
    public IReadOnlyList<string> Folders(ObjectPlace folder, CancellationToken cancellation = default) => Wait(folder, "listed", async () =>
    {
        var found = new List<string>();
        await foreach (ListObjectsV2Response page in Pages(folder.Bucket, folder.Prefix, "/", cancellation))
        {
            found.AddRange((page.CommonPrefixes ?? []).Select(prefix => prefix[folder.Prefix.Length..].TrimEnd('/')));
        }

        return found;
    });

    /// <summary>
    /// Up to a thousand names directly below a place, of objects, and of folders with a slash at the end: to tell what there is.
    /// </summary>
    public IReadOnlyList<string> Names(ObjectPlace folder, CancellationToken cancellation = default) => Wait(folder, "listed", async () =>
    {
        await foreach (ListObjectsV2Response page in Pages(folder.Bucket, folder.Prefix, "/", cancellation))
        {
            IEnumerable<string> keys = [.. page.CommonPrefixes ?? [], .. (page.S3Objects ?? []).Select(one => one.Key)];
            return (IReadOnlyList<string>)[.. keys.Select(key => key[folder.Prefix.Length..]).Where(name => name.Length > 0)];
        }

        return [];
    });

    /// <summary>An object without its bytes; null where there is none.</summary>
    public StoredObject? Find(ObjectPlace place, CancellationToken cancellation = default) =>
        Wait(place, "read", () => transfer.Find(place, cancellation));

    /// <summary>A small object; null where there is none.</summary>
    public StoredBytes? Read(ObjectPlace place, CancellationToken cancellation = default) => Wait(place, "read", () => transfer.Read(place, cancellation));

    /// <summary>Fetches an object into a file, which is there whole or not at all; a large one in parts side by side.</summary>
    /// <param name="path">The file. Its directory must be there.</param>
    /// <param name="bytes">Length that it must have; null: any.</param>
    /// <param name="sha256">Hash that it must have, in lower-case hexadecimal; null or "": any.</param>
    /// <exception cref="InvalidInputException">Also where it is not there, has another length or hash, or changed while it was fetched.</exception>
    public void Get(ObjectPlace place, string path, long? bytes = null, string? sha256 = null, CancellationToken cancellation = default) =>
        Wait(place, "read", () => transfer.Get(place, path, bytes, eTag: null, sha256, cancellation));

    /// <summary>Fetches what was listed; it is refused where it was changed since.</summary>
    /// <inheritdoc cref="Get(ObjectPlace, string, long?, string?, CancellationToken)"/>
    public void Get(StoredObject listed, string path, CancellationToken cancellation = default) =>
        Wait(listed.Place, "read", () => transfer.Get(listed.Place, path, listed.Bytes, listed.ETag, sha256: null, cancellation));

    /// <summary>
    /// Writes a file over whatever is there. The store checks the hash of all that it receives. From 64 MB on it is sent in parts side by side; parts that an
    /// earlier attempt sent of the same file to the same place, and that are unchanged, are not sent again.
    /// </summary>
    public void Put(string path, ObjectPlace place, CancellationToken cancellation = default) =>
        Wait(place, "written", () => transfer.Put(path, place, cancellation));

    /// <summary>Writes a small object over whatever is there.</summary>
    /// <returns>Its ETag.</returns>
    public string Put(ObjectPlace place, byte[] bytes, CancellationToken cancellation = default) =>
        Wait(place, "written", () => transfer.Put(place, bytes, null, null, cancellation))!;

    /// <summary>
    /// Writes a small object if there is none (If-None-Match: *). If an answer was lost, the object is read, and counts as written where it has these
    /// bytes: put something into them that no other writer writes.
    /// </summary>
    /// <returns>Its ETag; null: another was faster.</returns>
    public string? PutNew(ObjectPlace place, byte[] bytes, CancellationToken cancellation = default) =>
        Wait(place, "written", () => transfer.Put(place, bytes, ifNoneMatch: "*", ifMatch: null, cancellation));

    /// <summary>Writes a small object over the one that has this ETag (If-Match). For lost answers see <see cref="PutNew"/>.</summary>
    /// <returns>Its new ETag; null: another was faster, and it is another object by now, or gone.</returns>
    public string? Replace(ObjectPlace place, byte[] bytes, string eTag, CancellationToken cancellation = default) =>
        Wait(place, "written", () => transfer.Put(place, bytes, ifNoneMatch: null, ifMatch: eTag, cancellation));

    /// <summary>Deletes objects, if they are there.</summary>
    public void Delete(IEnumerable<ObjectPlace> places, CancellationToken cancellation = default)
    {
        ObjectPlace[] all = [.. places];
        if (all.Length > 0) Wait(all[0], "deleted", () => transfer.Delete(all, cancellation));
    }

    /// <summary>
    /// Whether this store honours conditions of writes, found out by trying: it writes an object beside others below the place, and deletes it. Some stores
    /// ignore conditions, and with them two writers would both believe that they won.
    /// </summary>
    public bool HasConditionalWrites(ObjectPlace folder, CancellationToken cancellation = default)
    {
        ObjectPlace probe = folder.At($".ncfspark-probe-{Guid.NewGuid():N}");
        try
        {
            return Wait(folder, "written", async () =>
            {
                string? eTag = await transfer.Put(probe, "1"u8.ToArray(), "*", null, cancellation);
                return eTag is not null && await transfer.Put(probe, "2"u8.ToArray(), "*", null, cancellation) is null
                    && await transfer.Put(probe, "3"u8.ToArray(), null, "\"00000000000000000000000000000000\"", cancellation) is null
                    && await transfer.Put(probe, "4"u8.ToArray(), null, eTag, cancellation) is not null;
            });
        }
        catch (InvalidInputException refused) when (refused.InnerException is AmazonS3Exception { ErrorCode: "NotImplemented" })
        {
            return false;
        }
        finally
        {
            Delete([probe], CancellationToken.None);
        }
    }

    public void Dispose() => client.Dispose();

    private async IAsyncEnumerable<ListObjectsV2Response> Pages(
        string bucket, string prefix, string? delimiter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = new ListObjectsV2Request { BucketName = bucket, Prefix = prefix, Delimiter = delimiter };
        ListObjectsV2Response page;
        do
        {
            page = await transfer.Again(() => client.ListObjectsV2Async(request, cancellation), cancellation);
            yield return page;
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);
    }

    private void Wait(ObjectPlace place, string done, Func<Task> work) => Wait(place, done, async () =>
    {
        await work();
        return true;
    });

    // On the thread pool, so that no caller's context can be waited for.
    private T Wait<T>(ObjectPlace place, string done, Func<Task<T>> work)
    {
        try
        {
            return Task.Run(work).GetAwaiter().GetResult();
        }
        catch (Exception failure) when (faults.Of(failure, place, done) is { } told)
        {
            throw told;
        }
    }
}

/// <summary>An object as a listing shows it.</summary>
/// <param name="Bytes">Its length.</param>
/// <param name="ETag">Changes whenever the object does; otherwise opaque.</param>
/// <param name="Modified">When it was written, by the store's clock.</param>
public sealed record StoredObject(ObjectPlace Place, long Bytes, string ETag, DateTimeOffset Modified);

/// <summary>A small object as a whole.</summary>
/// <param name="ETag">For <see cref="ObjectStore.Replace"/>.</param>
public sealed record StoredBytes(byte[] Bytes, string ETag);
