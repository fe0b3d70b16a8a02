using System.Security.Cryptography;
using NcfSpark.Storage.Tests.S3;

namespace NcfSpark.Storage.Tests;

/// <summary>A server with an empty bucket, a client for it that does not wait between attempts, and an empty folder.</summary>
internal sealed class TemporaryStore : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ncfspark-storage-").FullName;

    public TemporaryStore(IS3Answers? answers = null)
    {
        // Where the SDK looks for credentials first. No request for others leaves this machine.
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", S3Server.AccessKey);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", S3Server.SecretKey);
        Environment.SetEnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true");
        Server = new S3Server(answers);
        Store = Client();
    }

    public S3Server Server { get; }

    public S3Objects Objects => (S3Objects)Server.Answers;

    public ObjectStore Store { get; }

    public ObjectPlace Run { get; } = new(S3Server.Bucket, "nights/a");

    public IEnumerable<string> Keys => Store.List(Run with { Key = "" }).Select(one => one.Place.Key);

    public IEnumerable<string?> Files => Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    public ObjectStore Client(StorageOptions? options = null) => new(options ?? new StorageOptions { S3Endpoint = Server.Endpoint }, new NoWaiting());

    public string File(string name) => Path.Combine(folder, name);

    /// <summary>A file of this length, always with the same bytes.</summary>
    public string Make(string name, int bytes)
    {
        byte[] content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        System.IO.File.WriteAllBytes(File(name), content);
        return File(name);
    }

    public string HashOf(string path) => Convert.ToHexStringLower(SHA256.HashData(System.IO.File.ReadAllBytes(path)));

    public void Dispose()
    {
        Store.Dispose();
        Server.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A time whose delays are over at once.</summary>
    private sealed class NoWaiting : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime == Timeout.InfiniteTimeSpan ? dueTime : TimeSpan.Zero, period);
    }
}
