using NcfSpark.Engines.DuckDb;

namespace NcfSpark.Engines.Tests;

public sealed class DuckDbCancellationTests
{
    [Fact]
    public async Task AStatementThatRunsEndsSoonAfterItIsCancelled()
    {
        using var cancellation = new CancellationTokenSource();
        using var engine = new DuckDbEngine(new DuckDbOptions(), cancellation.Token);
        // Some ten thousand seconds of work.
        Task<IReadOnlyList<IReadOnlyList<object?>>> query = Task.Run(() => engine.Query("SELECT sum(a.range * b.range % 7) FROM range(10000000) a, range(10000000) b"));
        await Task.Delay(300);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => query.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Throws<OperationCanceledException>(() => engine.Execute("SELECT 1"));
    }
}
