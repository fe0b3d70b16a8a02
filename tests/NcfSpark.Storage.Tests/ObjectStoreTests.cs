using NcfSpark.Storage.Tests.S3;

namespace NcfSpark.Storage.Tests;

/// <summary>What holds of every store: of the small server of the tests, and of s3rver.</summary>
public abstract class StoreLaws : IDisposable
{
    private readonly TemporaryStore at;

    protected StoreLaws(IS3Answers answers) => at = new TemporaryStore(answers);

    public void Dispose()
    {
        at.Dispose();
        GC.SuppressFinalize(this);
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    public void WhatIsPutIsGot(int bytes)
    {
        string path = at.Make("a", bytes), back = at.File("back");
        ObjectPlace place = at.Run.At("x/é a+b=c.bin");
        at.Store.Put(path, place);
        at.Store.Get(place, back, bytes, at.HashOf(path));
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(back));
        Assert.Equal(["a", "back"], at.Files); // and nothing temporary
        Assert.Equal(bytes, at.Store.Find(place)!.Bytes);
        Assert.Equal(place, Assert.Single(at.Store.List(at.Run)).Place);
        Assert.Null(at.Store.Find(at.Run.At("x/é")));
        Assert.Null(at.Store.Read(at.Run.At("x/é")));
    }

    [SkippableFact]
    public void ALargeFileGoesInPartsAndComesBackInParts()
    {
        string path = at.Make("a", (70 << 20) + 12_345), back = at.File("back");
        ObjectPlace place = at.Run.At("large");
        at.Store.Put(path, place);
        at.Store.Get(place, back, sha256: at.HashOf(path));
        Assert.Equal(at.HashOf(path), at.HashOf(back));
        Assert.Equal(5, at.Server.Requests.Count(request => request.Contains("partNumber=", StringComparison.Ordinal)));
        Assert.Equal(5, at.Server.Requests.Count(request => request.StartsWith("GET /shop/nights/a/large", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public void OfManyWritersOneWins()
    {
        ObjectPlace pointer = at.Run.At("production.json");
        string eTag = Assert.Single(Race(8, writer => at.Store.PutNew(pointer, [(byte)writer])), won => won is not null)!;
        Assert.Equal(eTag, at.Store.Read(pointer)!.ETag);
        Assert.Single(Race(8, writer => at.Store.Replace(pointer, [(byte)(100 + writer)], eTag)), won => won is not null);
        Assert.Null(at.Store.Replace(pointer, [1], eTag));
        Assert.Null(at.Store.Replace(at.Run.At("nobody"), [1], eTag));
        Assert.True(at.Store.HasConditionalWrites(at.Run));
        Assert.Equal(["nights/a/production.json"], at.Keys);
    }

    [SkippableFact]
    public void ListingsHaveAllThatIsThereAndNothingElse()
    {
        string[] keys = ["a", "a/b", "a/b/c", "a/d", "ab/c", "b"];
        foreach (string key in keys) at.Store.Put(new ObjectPlace(S3Server.Bucket, key), "x"u8.ToArray());
        var bucket = new ObjectPlace(S3Server.Bucket, "");
        Assert.Equal(keys, at.Store.List(bucket).Select(one => one.Place.Key).Order(StringComparer.Ordinal));
        Assert.Equal(["a/b", "a/b/c", "a/d"], at.Store.List(bucket.At("a")).Select(one => one.Place.Key).Order(StringComparer.Ordinal));
        Assert.Equal(["a/b", "a/b/c"], at.Store.List(bucket.At("a"), "b").Select(one => one.Place.Key).Order(StringComparer.Ordinal));
        Assert.Equal(["a", "ab"], at.Store.Folders(bucket));
        Assert.Equal(["b"], at.Store.Folders(bucket.At("a")));
        at.Store.Delete([bucket.At("a/b"), bucket.At("never there"), bucket.At("b")]);
        Assert.Equal(["a", "a/b/c", "a/d", "ab/c"], at.Store.List(bucket).Select(one => one.Place.Key).Order(StringComparer.Ordinal));
    }

    [SkippableFact]
    public void AtAnyFaultThatPassesTheBytesAreTheSame()
    {
        at.Server.FailAtRandom(seed: 22, probability: 0.2);
        foreach (int bytes in (int[])[0, 1, 1000, 300_000, 65 << 20])
        {
            string path = at.Make($"{bytes}", bytes), back = at.File("back");
            at.Store.Put(path, at.Run.At($"{bytes}"));
            at.Store.Get(at.Run.At($"{bytes}"), back, bytes, at.HashOf(path));
            Assert.Equal(at.HashOf(path), at.HashOf(back));
        }

        string? eTag = null;
        for (byte value = 0; value < 20; value++)
        {
            eTag = eTag is null ? at.Store.PutNew(at.Run.At("pointer"), [value]) : at.Store.Replace(at.Run.At("pointer"), [value], eTag);
            Assert.NotNull(eTag); // nobody else writes: an answer that was lost is no defeat
            Assert.Equal([value], at.Store.Read(at.Run.At("pointer"))!.Bytes);
        }

        at.Server.MendFaults();
        Assert.Equal(6, at.Store.List(at.Run).Count);
    }

    private static T[] Race<T>(int writers, Func<int, T> write) =>
        Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(() => write(writer)))).GetAwaiter().GetResult();
}

public sealed class ObjectStoreTests() : StoreLaws(new S3Objects());

/// <summary>The same of a server that others wrote.</summary>
[Trait("Category", "Slow")]
public sealed class S3rverTests() : StoreLaws(new S3rver());
