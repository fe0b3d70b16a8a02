using NcfSpark.Core;
using NcfSpark.Storage.Tests.S3;

namespace NcfSpark.Storage.Tests;

/// <summary>Objects written, read, listed and deleted, by the small server of the tests.</summary>
public sealed class ObjectStoreTests : IDisposable
{
    private readonly S3Server server = new();
    private readonly string folder = Directory.CreateTempSubdirectory("ncfspark-storage-").FullName;
    private readonly ObjectStore store;
    private readonly ObjectPlace run = new(S3Server.Bucket, "nights/a");

    public ObjectStoreTests()
    {
        TestCredentials.Use();
        store = new ObjectStore(new StorageOptions { S3Endpoint = server.Endpoint });
    }

    private S3Objects Objects => (S3Objects)server.Answers;

    public void Dispose()
    {
        store.Dispose();
        server.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    public void WhatIsPutIsGot(int bytes)
    {
        string path = Make("a", bytes), back = Path.Combine(folder, "back");
        store.Put(path, run.At("x/é a+b.bin"));
        store.Get(run.At("x/é a+b.bin"), back);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(back));
        Assert.Equal(["back", "a"], Directory.GetFiles(folder).Select(Path.GetFileName).OrderDescending()); // and nothing temporary
        Assert.Equal(bytes, store.Find(run.At("x/é a+b.bin"))!.Bytes);
        Assert.Null(store.Find(run.At("x/é")));
        Assert.Null(store.Read(run.At("x/é")));
    }

    [Fact]
    public void OnlyOneOfManyWritersWins()
    {
        ObjectPlace pointer = run.At("production.json");
        string?[] firsts = Race(8, writer => store.PutNew(pointer, [(byte)writer]));
        string eTag = Assert.Single(firsts, won => won is not null)!;
        Assert.Equal(eTag, store.Read(pointer)!.ETag);
        string?[] seconds = Race(8, writer => store.Replace(pointer, [(byte)(100 + writer)], eTag));
        Assert.Single(seconds, won => won is not null);
        Assert.Null(store.Replace(pointer, [1], eTag));
        Assert.Null(store.Replace(run.At("nobody"), [1], eTag));
        Assert.True(store.HasConditionalWrites(run));
        Assert.Equal(["production.json"], store.List(run).Select(one => one.Place.Key[run.Prefix.Length..]));
    }

    private string Make(string name, int bytes)
    {
        string path = Path.Combine(folder, name);
        byte[] content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        File.WriteAllBytes(path, content);
        return path;
    }

    private static T[] Race<T>(int writers, Func<int, T> write) =>
        Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(() => write(writer)))).GetAwaiter().GetResult();
}
