using System.Text;
using NcfSpark.Cluster;
using NcfSpark.Core;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Jobs.Tests.Cluster;

public sealed class WorkerInputTests
{
    private static readonly WorkerTaskSettings Settings =
        new(new WorkerCredentials("http://10.0.0.5:7070", "", "", 1, 0), "./ncfspark-token-0/token", "", [0, 2, 1, 0], 3);

    // 4 shards, 2 workers: worker 1 has the users 1, 3, 5, 7, …, which are 0, 1, 2, 3, … there.
    private static readonly WorkerShare Share = new(4, 2, 1);

    [Fact]
    public void RowsOfEachPartAreReadWhereverTheSettingsStand()
    {
        WorkerInput input = Read($"1\t7\t2\t100\t~\n~\t~\t~\t~\t{TaskWord.Of(Settings)}\n2\t3\t5\t-1\t~\n1\t1\t4\t50\t~\n");
        Assert.Equal(Settings.Worker, input.Settings.Worker);
        Assert.Equal(3, input.Settings.Threads);
        InteractionRows seen = input.Of(WorkerPart.Seen, Share), validation = input.Of(WorkerPart.Validation, Share);
        Assert.Equal([3, 0], seen.Users);
        Assert.Equal([2, 4], seen.Items);
        Assert.Equal([100L, 50L], seen.Timestamps);
        Assert.Equal((1, 5, -1L), (validation.Users[0], validation.Items[0], validation.Timestamps[0]));
        Assert.Equal(0, input.Of(WorkerPart.Test, Share).Count);
    }

    [Fact]
    public void SettingsAloneAreEnoughWhereTheWorkerReadsItsRowsItself()
    {
        WorkerTaskSettings storage = Settings with { RunDirectory = "/mnt/a b/run", Rows = [] };
        Assert.Equal("/mnt/a b/run", Read($"~\t~\t~\t~\t{TaskWord.Of(storage)}\n").Settings.RunDirectory);
    }

    /// <summary>Spark's pages and its event log show the text of a query.</summary>
    [Fact]
    public void TheRunsSecretIsNotInTheQueryThatStartsAWorker()
    {
        string query = WorkerQueries.FromStorage("/mnt/run", threads: 1).Of(Settings.Worker with { Token = "secret" }, Settings.TokenFile);
        string word = query.Split('\'')[1], told = Encoding.UTF8.GetString(Convert.FromBase64String(word));
        Assert.DoesNotContain("secret", query + told, StringComparison.Ordinal);
        Assert.Equal(Settings.TokenFile, TaskWord.Parse<WorkerTaskSettings>(word, WorkerTask.Verb).TokenFile);
    }

    [Theory]
    [InlineData("1\t7\t2\t100\t~\n", "Spark brought worker 1 1 rows of Seen, where there are 2.")]
    [InlineData("1\t7\t2\t100\n", "Line 1 is not part, user, item, timestamp and weight: 1\t7\t2\t100")]
    [InlineData("5\t7\t2\t100\t~\n", "Line 1 is not part, user, item, timestamp and weight")]
    [InlineData("1\t~\t2\t100\t~\n", "Line 1 is not part, user, item, timestamp and weight")]
    [InlineData("1\t7\t2\t100\t~", "Line 1 was cut short")]
    public void WhatIsNotWholeIsRefused(string rows, string says) =>
        Assert.StartsWith(says, Assert.Throws<InvalidDataException>(
            () => Read($"{rows}{(rows.EndsWith('\n') ? $"~\t~\t~\t~\t{TaskWord.Of(Settings)}\n" : "")}")).Message, StringComparison.Ordinal);

    [Fact]
    public void ARowOfAnotherWorkersUserIsRefused()
    {
        WorkerInput input = Read($"~\t~\t~\t~\t{TaskWord.Of(Settings)}\n1\t7\t2\t100\t~\n1\t6\t2\t100\t~\n2\t3\t5\t1\t~\n");
        Assert.Contains("a row of user 6, who is another's",
            Assert.Throws<InvalidDataException>(() => input.Of(WorkerPart.Seen, Share)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("~\t~\t~\t~\tnothing\n")]
    public void WithoutSettingsItIsSaidWhoStartsThis(string text) =>
        Assert.Contains("is started within Spark's tasks", Assert.Throws<InvalidInputException>(() => Read(text)).Message, StringComparison.Ordinal);

    private static WorkerInput Read(string text) => WorkerInput.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)));
}
