using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Engines.Tests.DuckDb;

public sealed class DuckDbEngineTests(DuckDbEngineTests.Fixture fixture) : SqlEngineSuite, IClassFixture<DuckDbEngineTests.Fixture>
{
    protected override ISqlEngine Engine => fixture.Engine;

    [Fact]
    public void ItsNameHasItsVersion() => Assert.Matches(@"^DuckDB \d+\.\d+\.\d+$", Engine.Name);

    [Fact]
    public void WhatDoesNotFitMemoryGoesToDiskAndIsClearedAway()
    {
        string spill = Path.Combine(Path.GetTempPath(), $"ncfspark-spill-{Guid.NewGuid():N}");
        var told = new List<string>();
        using (var small = new DuckDbEngine(new DuckDbOptions { Threads = 2, MemoryLimit = "60MB", SpillDirectory = spill, Report = told.Add }))
        {
            small.Materialize("sorted", "SELECT (i * 7919) % 5000011 AS v, i FROM range(0, 5000000) AS r(i) ORDER BY v");
            Assert.Equal(5000000L, small.Query("SELECT count(*) FROM sorted")[0][0]);
            Assert.True(Directory.Exists(spill));
            SpinWait.SpinUntil(() => small.MostSpilled > 0, TimeSpan.FromSeconds(30)); // it is looked at every half second
        }

        Assert.False(Directory.Exists(spill));
        Assert.Matches(@"^DuckDB wrote up to \d+\.\d GB to .*ncfspark-spill-.*, beyond its memory \(Prepare:MemoryLimit\)\.$", Assert.Single(told));
    }

    [Fact]
    public void LinesOfRejectsAreRightInALargeFile()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(file, Enumerable.Range(1, 2_000_000)
                .Select(line => line is 2 or 1_234_567 or 1_999_999 ? $"{line}" : $"{line},{line % 1000},12345678"));
            Engine.ReadCsv("large", [file], new CsvLayout(",", Header: false, Columns: 3));
            Assert.Equal(1_999_997L, Engine.Query("SELECT count(c3) FROM large")[0][0]);
            Assert.Equal([(2L, "2"), (1_234_567L, "1234567"), (1_999_999L, "1999999")],
                Engine.Query("SELECT line, text FROM large_rejected ORDER BY line").Select(row => ((long)row[0]!, (string)row[1]!)));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task AStatementThatRunsEndsSoonAfterItIsCancelled()
    {
        using var cancellation = new CancellationTokenSource();
        using var engine = new DuckDbEngine(new DuckDbOptions(), cancellation.Token);
        // Some ten thousand seconds of work.
        Task<IReadOnlyList<IReadOnlyList<object?>>> query = Task.Run(
            () => engine.Query("SELECT sum(a.range * b.range % 7) FROM range(10000000) a, range(10000000) b"));
        await Task.Delay(300);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => query.WaitAsync(TimeSpan.FromMinutes(10)));
        Assert.Throws<OperationCanceledException>(() => engine.Execute("SELECT 1"));
    }

    public sealed class Fixture : IDisposable
    {
        public DuckDbEngine Engine { get; } = new(new DuckDbOptions { Threads = 2 });

        public void Dispose() => Engine.Dispose();
    }
}
