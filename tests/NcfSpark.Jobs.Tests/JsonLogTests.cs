using System.Collections;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using NcfSpark.Core;
using NcfSpark.Jobs.Progress;

namespace NcfSpark.Jobs.Tests;

public sealed class JsonLogTests : IDisposable
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 24, 3, 15, 0, TimeSpan.Zero));
    private readonly StringWriter written = new() { NewLine = "\n" };

    private JsonNode[] Lines => [.. written.ToString().Split('\n')[..^1].Select(line => JsonNode.Parse(line)!)];

    public void Dispose() => written.Dispose();

    [Fact]
    public void WorkTellsItsStartAtMostALineInTenSecondsAndItsEnd()
    {
        using var lines = new JsonLines(written, time);
        using (IProgressTask task = new JsonProgress(lines, time).Start("epoch 3 of 20", 100, "samples"))
        {
            task.Detail("loss 0.312");
            for (int second = 0; second < 25; second++)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                task.Advance(4);
            }
        }

        Assert.Equal(["started", "running", "running", "ended"], Lines.Select(line => (string?)line["state"]));
        Assert.Equal([0, 40, 80, 100], Lines.Select(line => (int)line["done"]!));
        Assert.All(Lines, line => Assert.Equal(
            ("information", "epoch 3 of 20", 100, "samples"), ((string)line["level"]!, (string)line["task"]!, (int)line["total"]!, (string)line["unit"]!)));
        Assert.Equal("2026-11-24T03:15:10.000Z", (string?)Lines[1]["time"]);
        Assert.Equal("loss 0.312", (string?)Lines[3]["detail"]);
    }

    [Fact]
    public void AFaultOfSeveralLinesIsOneLineOfLevelError()
    {
        using var lines = new JsonLines(written, time);
        lines.WriteLine("conf/x.json has 2 faults:\n  one \"quoted\"\n  two");
        JsonNode line = Assert.Single(Lines);
        Assert.Equal(("error", "conf/x.json has 2 faults:\n  one \"quoted\"\n  two"), ((string)line["level"]!, (string)line["message"]!));
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("text", false)]
    [InlineData("json", true)]
    [InlineData("yaml", null)]
    public void TheVariableChooses(string? value, bool? json) => Assert.Equal(json, LogFormat.IsJson(new Hashtable { ["NCFSPARK_LOG"] = value }));
}
