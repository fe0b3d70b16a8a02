using FsCheck.Xunit;

namespace NcfSpark.Core.Tests;

public sealed class FileFailureTests
{
    [Theory]
    [InlineData(28, FileFault.Full)]      // ENOSPC
    [InlineData(122, FileFault.Full)]     // EDQUOT
    [InlineData(30, FileFault.ReadOnly)]  // EROFS
    [InlineData(13, FileFault.Denied)]    // EACCES
    [InlineData(1, FileFault.Denied)]     // EPERM
    [InlineData(5, FileFault.Device)]     // EIO
    [InlineData(24, FileFault.Device)]    // EMFILE
    [InlineData(39, FileFault.Other)]     // ENOTEMPTY
    public void TheErrnoSaysWhatFailed(int errno, FileFault fault) =>
        Assert.Equal(new FileFailure(fault, "no : '/x'"), FileFailure.Of(new IOException("no : '/x'", errno)));

    [Theory]
    [InlineData("IO Error: Could not write file \"/x\": No space left on device", FileFault.Full)]
    [InlineData("IO Error: Cannot open file \"/x\": Read-only file system", FileFault.ReadOnly)]
    [InlineData("IO Error: Cannot open file \"/x\": Permission denied", FileFault.Denied)]
    [InlineData("IO Error: Could not read from file \"/x\": Input/output error\nmore", FileFault.Device)]
    public void NativeCodeSaysItInWords(string message, FileFault fault) =>
        Assert.Equal(new FileFailure(fault, message.Split('\n')[0]),
            FileFailure.Of(new InvalidOperationException("outer", new AggregateException(new InvalidOperationException(message)))));

    [Fact]
    public void WhatDotNetSaysWithoutANumberIsKnown()
    {
        Assert.Equal(FileFault.Denied, FileFailure.Of(new UnauthorizedAccessException("Access to the path '/x' is denied."))!.Fault);
        Assert.Equal(FileFault.Denied, FileFailure.Of(new IOException("Access to the path '/x' is denied."))!.Fault);
        Assert.Equal(FileFault.Full, FileFailure.Of(new IOException("Failed to create '/x' with allocation size '5' because the disk was full."))!.Fault);
    }

    /// <summary>Of a run in a bucket people see the place, which stands for the path of the working copy: the disk must be named beside it.</summary>
    [Fact]
    public void AFullDiskBelowAWorkingCopyIsNamedByTheDirectoryAboveIt()
    {
        RunStore.Name("/cache/0f-write/shop", "s3://bucket/shop");
        string words = RunStore.WithPlaces(new FileFailure(FileFault.Full, "No space left on device : '/cache/0f-write/shop/2026-11-01/x'").Words);
        Assert.Contains("in /cache/0f-write; Storage:CacheDirectory", words, StringComparison.Ordinal);
        Assert.Contains("s3://bucket/shop/2026-11-01/x", words, StringComparison.Ordinal);
        Assert.DoesNotContain("CacheDirectory", new FileFailure(FileFault.Full, "No space left on device : '/x'").Words, StringComparison.Ordinal);
    }

    [Fact]
    public void AFaultOfTheProgramIsNone()
    {
        Assert.Null(FileFailure.Of(new InvalidOperationException("a bug")));
        Assert.Null(FileFailure.Of(new FileNotFoundException("no such file", "/x")));
        Assert.Null(FileFailure.Of(new EndOfStreamException()));
    }

    [Property]
    public bool ItIsFoundHoweverDeepItLies(byte depth, bool several)
    {
        Exception failure = new IOException("no : '/x'", 30);
        for (int level = 0; level < depth % 20; level++)
        {
            failure = several && level % 2 == 0
                ? new AggregateException(new ArgumentException("other"), failure)
                : new InvalidOperationException($"level {level}", failure);
        }

        return FileFailure.Of(failure) == new FileFailure(FileFault.ReadOnly, "no : '/x'");
    }

    [Fact]
    public void AStageThatCannotTakeItsPlaceLeavesTheOldOneThere()
    {
        string run = Directory.CreateTempSubdirectory("ncfspark-").FullName;
        try
        {
            Publish("old");
            using (StageWriter writer = StageWriter.Begin(run, "prepared"))
            {
                Directory.Delete(writer.Path); // stands for a rename that fails
                Assert.ThrowsAny<IOException>(() => writer.Publish(Manifest("new")));
            }

            Assert.Equal("old", StageDirectory.Open(run, "prepared").Manifest.Fingerprint);
            Assert.Equal([Path.Combine(run, "prepared")], Directory.GetDirectories(run));
        }
        finally
        {
            Directory.Delete(run, recursive: true);
        }

        void Publish(string fingerprint)
        {
            using StageWriter writer = StageWriter.Begin(run, "prepared");
            writer.Publish(Manifest(fingerprint));
        }

        static StageManifest Manifest(string fingerprint) =>
            new() { Stage = "prepared", Fingerprint = fingerprint, MadeFrom = [], Configuration = [], Seed = 1, Rows = [] };
    }
}
