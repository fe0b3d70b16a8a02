using NcfSpark.Core;
using NcfSpark.Storage.Tests.S3;

namespace NcfSpark.Storage.Tests;

/// <summary>Faults that pass are waited out; others are told with the place, the reason and the cure.</summary>
public sealed class StorageFaultTests : IDisposable
{
    private readonly TemporaryStore at = new();

    public void Dispose() => at.Dispose();

    [Theory]
    [InlineData(S3Fault.InternalError)]
    [InlineData(S3Fault.SlowDown)]
    [InlineData(S3Fault.Reset)]
    [InlineData(S3Fault.LostAnswer)]
    [InlineData(S3Fault.TruncatedBody)]
    public void AFaultThatPassesCostsAttemptsOnly(S3Fault fault)
    {
        string path = at.Make("a", 5000), back = at.File("back");
        at.Server.Fail(fault, _ => true, times: 4);
        at.Store.Put(path, at.Run.At("a"));
        at.Server.Fail(fault, _ => true, times: 4);
        at.Store.Get(at.Run.At("a"), back, 5000, at.HashOf(path));
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(back));
        at.Server.Fail(fault, _ => true, times: 4);
        Assert.Single(at.Store.List(at.Run));
    }

    [Theory]
    [InlineData(S3Fault.LostAnswer)]
    [InlineData(S3Fault.Conflict)]
    public void AWriteWhoseAnswerWasLostCountsAsDone(S3Fault fault)
    {
        at.Server.Fail(fault, request => request.StartsWith("PUT", StringComparison.Ordinal));
        string? eTag = at.Store.PutNew(at.Run.At("pointer"), "mine"u8.ToArray());
        Assert.NotNull(eTag);
        at.Server.Fail(fault, request => request.StartsWith("PUT", StringComparison.Ordinal));
        Assert.NotNull(at.Store.Replace(at.Run.At("pointer"), "mine again"u8.ToArray(), eTag));
        Assert.Null(at.Store.Replace(at.Run.At("pointer"), "another's"u8.ToArray(), eTag));
    }

    [Fact]
    public void ABodyThatEndsEarlyIsGoneOnWithWhereItEnded()
    {
        string path = at.Make("a", 1 << 20), back = at.File("back");
        at.Store.Put(path, at.Run.At("a"));
        at.Server.Fail(S3Fault.TruncatedBody, request => request.StartsWith("GET", StringComparison.Ordinal), times: 3);
        at.Store.Get(at.Run.At("a"), back, sha256: at.HashOf(path));
        Assert.Equal(at.HashOf(path), at.HashOf(back));
    }

    [Fact]
    public void AStoreThatKeepsFailingIsNamedAndNothingIsLeftBehind()
    {
        at.Store.Put(at.Make("a", 10), at.Run.At("a"));
        at.Server.Fail(S3Fault.SlowDown, _ => true, times: int.MaxValue);
        string message = Assert.Throws<StorageUnavailableException>(() => at.Store.Get(at.Run.At("a"), at.File("back"))).Message;
        Assert.Contains("s3://shop/nights/a/a cannot be read", message, StringComparison.Ordinal);
        Assert.Contains($"{at.Server.Endpoint} (Storage:S3Endpoint) failed again and again", message, StringComparison.Ordinal);
        Assert.Contains("may work later", message, StringComparison.Ordinal);
        Assert.Equal(["a"], at.Files);
    }

    [Theory]
    [InlineData(S3Fault.AccessDenied, "access is denied", "s3:ListBucket on the bucket shop")]
    [InlineData(S3Fault.ExpiredToken, "expired", "AWS_SESSION_TOKEN")]
    [InlineData(S3Fault.OtherRegion, "another region than us-east-1", "Storage:Region")]
    public void WhatSomebodyHasToMendIsSaidOnce(S3Fault fault, string wrong, string cure)
    {
        at.Server.Fail(fault, _ => true, times: int.MaxValue);
        string message = Refusal(at.Store);
        Assert.StartsWith("s3://shop/nights/a cannot be listed: ", message, StringComparison.Ordinal);
        Assert.Contains(wrong, message, StringComparison.Ordinal);
        Assert.Contains(cure, message, StringComparison.Ordinal);
        Assert.True(at.Server.Requests.Count <= 3, "retrying does not help");
    }

    [Fact]
    public void ABucketThatIsNotThereIsNamed()
    {
        foreach (Action read in new Action[]
        {
            () => at.Store.List(new ObjectPlace("shops", "a")), () => at.Store.Read(new ObjectPlace("shops", "a")),
            () => at.Store.Put(new ObjectPlace("shops", "a"), [1]), () => at.Store.Put(at.Make("a", 1), new ObjectPlace("shops", "a")),
        })
        {
            Assert.Contains($"there is no bucket shops at {at.Server.Endpoint}", Assert.Throws<InvalidInputException>(read).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AClockThatDiffersIsCorrectedAndOneThatIsNotIsNamed()
    {
        at.Server.ClockAhead = TimeSpan.FromHours(3);
        at.Store.Put(at.Run.At("a"), [1]); // the SDK learns the server's time from its refusal
        Assert.Equal([1], at.Store.Read(at.Run.At("a"))!.Bytes);
    }

    [Fact]
    public void WhereNothingListensTheEndpointIsNamedAtOnce()
    {
        using ObjectStore store = at.Client(new StorageOptions { S3Endpoint = "http://127.0.0.1:9" });
        string message = Refusal(store);
        Assert.Contains("nothing listens at http://127.0.0.1:9 (Storage:S3Endpoint). Look at Storage:S3Endpoint", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("minio:9000")]
    [InlineData("https://me:secret@minio:9000")]
    [InlineData("/srv/minio")]
    public void AnEndpointThatIsNoUrlIsRefused(string endpoint)
    {
        string message = Assert.Throws<InvalidInputException>(() => at.Client(new StorageOptions { S3Endpoint = endpoint })).Message;
        Assert.Contains("Storage:S3Endpoint is \"", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public void AServerWithoutTlsIsToldFromOneThatIsNotThere()
    {
        using ObjectStore store = at.Client(new StorageOptions { S3Endpoint = at.Server.Endpoint.Replace("http:", "https:", StringComparison.Ordinal) });
        Assert.Contains("TLS", Refusal(store), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNotWhatWasWrittenIsRefused()
    {
        string path = at.Make("a", 1000), back = at.File("back");
        at.Store.Put(path, at.Run.At("a"));
        StoredObject listed = Assert.Single(at.Store.List(at.Run));
        string wrong = Assert.Throws<InvalidInputException>(() => at.Store.Get(at.Run.At("a"), back, 1000, new string('0', 64))).Message;
        Assert.Contains("its SHA-256 is", wrong, StringComparison.Ordinal);
        Assert.Contains("1,000 bytes where 999", Refusal(() => at.Store.Get(at.Run.At("a"), back, 999)), StringComparison.Ordinal);
        Assert.Contains("is not there", Refusal(() => at.Store.Get(at.Run.At("b"), back)), StringComparison.Ordinal);
        at.Store.Put(at.Make("a", 1001), at.Run.At("a"));
        Assert.Contains("was changed while it was read", Refusal(() => at.Store.Get(listed, back)), StringComparison.Ordinal);
        Assert.Equal(["a"], at.Files);
    }

    [Theory]
    [InlineData(S3Conditions.Ignored)]
    [InlineData(S3Conditions.Refused)]
    public void AStoreWithoutConditionalWritesIsFoundOut(S3Conditions conditions)
    {
        at.Objects.Conditions = conditions;
        Assert.False(at.Store.HasConditionalWrites(at.Run));
        Assert.Empty(at.Keys);
    }

    /// <summary>A listing that lags hides what was written; asking for it by its name finds it.</summary>
    [Fact]
    public void WhatAListingDoesNotShowYetIsReadByItsName()
    {
        at.Objects.ListingLags = true;
        at.Store.Put(at.Run.At("a"), [1]);
        Assert.Empty(at.Store.List(at.Run));
        Assert.Equal([1], at.Store.Read(at.Run.At("a"))!.Bytes);
        Assert.Equal(1, at.Store.Find(at.Run.At("a"))!.Bytes);
        at.Objects.ListingLags = false;
        Assert.Single(at.Store.List(at.Run));
    }

    private string Refusal(ObjectStore store) => Refusal(() => store.List(at.Run));

    private static string Refusal(Action action) => Assert.Throws<InvalidInputException>(action).Message;
}
