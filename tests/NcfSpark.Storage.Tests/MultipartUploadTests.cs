using NcfSpark.Storage.Tests.S3;

namespace NcfSpark.Storage.Tests;

public sealed class MultipartUploadTests : IDisposable
{
    private readonly TemporaryStore at = new();
    private readonly string path;

    public MultipartUploadTests() => path = at.Make("a", (80 << 20) + 1); // six parts

    public void Dispose() => at.Dispose();

    [Fact]
    public void WhatAnEarlierAttemptSentIsNotSentAgain()
    {
        BreakAfter(parts: 2);
        int before = Parts;
        at.Store.Put(path, at.Run.At("a"));
        Assert.Equal(4, Parts - before);
        Assert.Equal(at.HashOf(path), Stored());
    }

    [Fact]
    public void PartsOfAFileThatChangedSinceAreSentAgain()
    {
        BreakAfter(parts: 2);
        using (FileStream file = File.OpenWrite(path)) file.WriteByte(1); // the first part
        int before = Parts;
        at.Store.Put(path, at.Run.At("a"));
        Assert.Equal(5, Parts - before);
        Assert.Equal(at.HashOf(path), Stored());
    }

    [Fact]
    public void AStoreThatCannotListUploadsIsSentTheWholeFile()
    {
        BreakAfter(parts: 2);
        at.Objects.ListsUploads = false;
        int before = Parts;
        at.Store.Put(path, at.Run.At("a"));
        Assert.Equal(6, Parts - before);
        Assert.Equal(at.HashOf(path), Stored());
    }

    [Fact]
    public void AnAnswerToTheEndThatIsLostIsAnEnd()
    {
        at.Server.Fail(S3Fault.LostAnswer, request => request.StartsWith("POST", StringComparison.Ordinal)
            && request.Contains("uploadId=", StringComparison.Ordinal));
        at.Store.Put(path, at.Run.At("a"));
        Assert.Equal(at.HashOf(path), Stored());
    }

    [Theory]
    [InlineData(64L << 20, 16L << 20)]
    [InlineData(10_000 * (16L << 20), 16L << 20)]
    [InlineData((10_000 * (16L << 20)) + 1, 32L << 20)]
    [InlineData(5L << 40, 1L << 30)] // the largest object that S3 has
    public void NoFileHasMoreThanTenThousandParts(long length, long part) => Assert.Equal(part, ObjectTransfer.PartBytesOf(length));

    private int Parts => at.Server.Requests.Count(request => request.Contains("partNumber=", StringComparison.Ordinal));

    private string Stored() => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(at.Objects["nights/a/a"]!));

    // As a kill does, but one part after the other, so that it is known which arrived.
    private void BreakAfter(int parts)
    {
        string[] others = [.. Enumerable.Range(parts + 1, 9).Select(part => $"partNumber={part}")];
        at.Server.Fail(S3Fault.AccessDenied, request => others.Any(part => request.Contains(part, StringComparison.Ordinal)), int.MaxValue);
        using ObjectStore oneByOne = at.Client(new StorageOptions { S3Endpoint = at.Server.Endpoint, Parallel = 1 });
        Assert.Throws<Core.InvalidInputException>(() => oneByOne.Put(path, at.Run.At("a")));
        Assert.Null(at.Objects["nights/a/a"]);
        at.Server.MendFaults();
    }
}
