using System.Text;
using NcfSpark.Core;
using NcfSpark.Storage;
using NcfSpark.Storage.Tests.S3;

namespace NcfSpark.Preparation.Tests;

/// <summary>Files of a bucket are found, checked and named as files of this machine are.</summary>
public sealed class FetchedInputsTests : IDisposable
{
    private const string Rows = "user_id,item_id,timestamp\n1,1,1400000000\n1,2,1400000001\n2,1,1400000002\n2,3,1400000003\n";

    private readonly S3Server server = new();
    private readonly ObjectStore store;
    private readonly FetchedInputs inputs = FetchedInputs.Begin(SilentProgress.Instance, TimeProvider.System, CancellationToken.None);

    public FetchedInputsTests()
    {
        foreach ((string name, string value) in server.ClientEnvironment)
        {
            if (name != "AWS_ENDPOINT_URL_S3") Environment.SetEnvironmentVariable(name, value); // which differs from test to test
        }

        inputs.Options = new StorageOptions { S3Endpoint = server.Endpoint };
        store = new ObjectStore(inputs.Options);
    }

    public void Dispose()
    {
        inputs.Dispose();
        store.Dispose();
        server.Dispose();
    }

    [Theory]
    [InlineData("s3://shop/logs/a.csv", "logs/a.csv")]
    [InlineData("s3a://shop/logs", "logs/2026/c.csv logs/a.csv logs/b.csv")]
    [InlineData("s3://shop/logs/", "logs/2026/c.csv logs/a.csv logs/b.csv")]
    [InlineData("s3://shop/logs/?.csv", "logs/a.csv logs/b.csv")]
    [InlineData("s3://shop/l*/a*", "logs/a.csv")]
    [InlineData("s3://shop/**/*.csv", "logs/2026/c.csv logs/a.csv logs/b.csv other/d.csv")]
    [InlineData("s3://shop/logs/[ab].csv", "logs/a.csv logs/b.csv")]
    public void AFileAFolderAndAPatternNameWhatTheyNameOnThisMachine(string given, string keys)
    {
        string[] all = ["logs/a.csv", "logs/b.csv", "logs/2026/c.csv", "logs/_SUCCESS", "logs/.part.crc", "other/d.csv"];
        foreach (string key in all) Put(key, $"{key}\n{Rows}");
        InputFiles files = InputFiles.Find(given, InputFormat.Auto, "Input:Path");
        string[] names = [.. keys.Split(' ').Select(key => $"s3://shop/{key}")];
        Assert.Equal(names, files.Originals);
        Assert.Equal(keys.Split(' ').Select(key => $"{key}\n{Rows}"), files.Paths.Select(File.ReadAllText));
        Assert.Equal(names.Length == 1 ? names[0] : given, files.Name);
        Assert.Equal(names.Length, Gets); // and nothing else was fetched
    }

    [Fact]
    public void WhatIsNotThereIsSaidAsOnThisMachine()
    {
        Put("logs/clicks.csv", Rows);
        Put("logs/views.csv", Rows);
        Put("logs/2026/a.csv", Rows);
        Put("logs/none.csv", "");
        string missing = Refusal("s3://shop/logs/cliks.csv");
        Assert.StartsWith("s3://shop/logs/cliks.csv is not there. Did you mean s3://shop/logs/clicks.csv? In s3://shop/logs there is 2026, clicks.csv, ",
            missing, StringComparison.Ordinal);
        Assert.EndsWith("Name the file, folder or glob in Input:Path.", missing, StringComparison.Ordinal);
        Assert.StartsWith("No file matches s3://shop/logs/x*.csv. In s3://shop/logs there is", Refusal("s3://shop/logs/x*.csv"), StringComparison.Ordinal);
        Assert.StartsWith("s3://shop/logs/none.csv is empty: 0 bytes.", Refusal("s3://shop/logs/none.csv"), StringComparison.Ordinal);
        Assert.StartsWith("s3://shop/nothing is not there. In s3://shop there is logs.", Refusal("s3://shop/nothing/"), StringComparison.Ordinal);
        Assert.StartsWith("s3://shops/logs cannot be listed: there is no bucket shops", Refusal("s3://shops/logs"), StringComparison.Ordinal);
        Assert.StartsWith("Input:Path s3://s is no place in object storage", Refusal("s3://s"), StringComparison.Ordinal);
        Put("both", Rows);
        Put("both/a.csv", Rows);
        Assert.Contains("is an object and a folder at once", Refusal("s3://shop/**"), StringComparison.Ordinal);
        Assert.Equal(0, Gets);
    }

    /// <summary>The fingerprint is of what the files hold and of the columns that their folders name, wherever they lie.</summary>
    [Fact]
    public void AFileOfABucketIsTheSameInputAsThatFileHere()
    {
        using var folder = new TestFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "day=1"));
        File.WriteAllText(Path.Combine(folder.Path, "day=1", "a.csv"), Rows);
        Put("logs/day=1/a.csv", Rows);
        Assert.Equal(HashOf(folder.Path), HashOf("s3://shop/logs"));

        static string HashOf(string path) =>
            new Preparer(new InputOptions { Path = path, TimestampColumn = "day" }, new PrepareOptions())
                .InputHash(() => throw new InvalidOperationException());
    }

    [Fact]
    public void AnObjectIsFetchedAgainOnlyWhenItChanged()
    {
        Put("logs/a.csv", Rows);
        Put("logs/b.csv", Rows);
        string path = InputFiles.Find("s3://shop/logs/a.csv", InputFormat.Auto, "Input:Path").Paths[0];
        InputFiles.Find("s3://shop/logs", InputFormat.Auto, "Input:Path");
        InputFiles.Find("s3://shop/logs/*", InputFormat.Auto, "Input:Path");
        Assert.Equal(2, Gets);
        Put("logs/a.csv", $"{Rows}3,3,1400000004\n");
        Assert.Equal(path, InputFiles.Find("s3://shop/logs/a.csv", InputFormat.Auto, "Input:Path").Paths[0]);
        Assert.Equal(3, Gets);
        Assert.EndsWith("3,3,1400000004\n", File.ReadAllText(path), StringComparison.Ordinal);
        inputs.Dispose();
        Assert.False(File.Exists(path));
        Assert.False(FetchedInputs.IsFetched("s3://shop/logs")); // the scope has ended
    }

    /// <summary>Spark reads a log from where it is, by the name that Hadoop has for it; lists beside it are fetched.</summary>
    [Fact]
    public void UnderSparkTheLogIsLeftWhereItIs()
    {
        inputs.OfLogs = false;
        Put("users.csv", "user_id\n1\n");
        ResolvedInput log = ResolvedInput.Find(new InputOptions { Path = "s3://shop/logs/*.csv" }, new PrepareOptions());
        Assert.Equal(("s3a://shop/logs/*.csv", true), (log.Log.Given, log.Log.IsElsewhere));
        ListFiles users = ListFiles.Find(new InputOptions(), "s3://shop/users.csv", "Score:UsersPath");
        Assert.Equal(["1"], users.Read(new ListColumn("Input:UserColumn", "user_id"))[0]);
    }

    private int Gets => server.Requests.Count(request => request.StartsWith("GET /shop/", StringComparison.Ordinal)
        && !request.Contains("list-type", StringComparison.Ordinal));

    private void Put(string key, string text) => store.Put(new ObjectPlace(S3Server.Bucket, key), Encoding.UTF8.GetBytes(text));

    private static string Refusal(string given) => Assert.Throws<InvalidInputException>(() => InputFiles.Find(given, InputFormat.Auto, "Input:Path")).Message;
}
