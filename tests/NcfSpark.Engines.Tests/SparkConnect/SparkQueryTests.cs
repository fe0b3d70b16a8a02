using Apache.Arrow;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using NcfSpark.Core;
using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.SparkConnect;

[Collection(SparkCollection.Name)]
[Trait("Category", "Slow")]
public sealed class SparkQueryTests(SparkFixture spark)
{
    [SkippableFact]
    public async Task ValuesOfEveryTypeArriveAsLongDoubleStringBoolOrNull()
    {
        await using SparkConnectClient client = await spark.ConnectAsync();
        IReadOnlyList<object?> row = Assert.Single(await client.QueryAsync("""
            SELECT 9223372036854775807L, -2, CAST(3 AS SMALLINT), CAST(4 AS TINYINT), 1.5F, -2.5D, CAST(12.5 AS DECIMAL(10, 2)), 'Straße ☂', '', true,
                   NULL, CAST(NULL AS BIGINT), CAST(NULL AS INT), CAST(NULL AS DOUBLE), CAST(NULL AS STRING), CAST(NULL AS BOOLEAN), CAST(NULL AS DECIMAL(5, 1))
            """));
        Assert.Equal<object?>([long.MaxValue, -2L, 3L, 4L, 1.5, -2.5, 12.5, "Straße ☂", "", true, null, null, null, null, null, null, null], row);
    }

    [SkippableFact]
    public async Task AnUnsupportedTypeIsNamedWithItsCure()
    {
        await using SparkConnectClient client = await spark.ConnectAsync();
        var failure = await Assert.ThrowsAsync<NotSupportedException>(() => client.QueryAsync("SELECT array(1, 2) AS pair"));
        Assert.Contains("Column pair is of type list. Cast it", failure.Message);
    }

    [SkippableFact]
    public async Task AQueryWithoutRowsGivesNone()
    {
        await using SparkConnectClient client = await spark.ConnectAsync();
        Assert.Empty(await client.QueryAsync("SELECT id FROM range(0, 10) WHERE id > 10"));
    }

    [SkippableFact]
    public async Task TwoMillionRowsArriveOnceEachOverManyStreams()
    {
        var calls = new CallCounter();
        using GrpcChannel channel = SparkChannel.Open(spark.Address, TimeSpan.FromSeconds(10));
        await using SparkConnectClient client = await SparkConnectClient.ConnectAsync(null, channel.Intercept(calls), spark.Address, new(), default);
        var seen = new bool[2_000_000];
        await foreach (RecordBatch batch in client.QueryBatchesAsync("SELECT id, id * 3 AS triple FROM range(0, 2000000, 1, 40)"))
        {
            using (batch)
            {
                ReadOnlySpan<long> ids = ((Int64Array)batch.Column(0)).Values, triples = ((Int64Array)batch.Column(1)).Values;
                for (int i = 0; i < ids.Length; i++)
                {
                    Assert.False(seen[ids[i]]);
                    Assert.Equal(3 * ids[i], triples[i]);
                    seen[ids[i]] = true;
                }
            }
        }

        Assert.DoesNotContain(false, seen);
        Assert.True(calls.Count("ReattachExecute") >= 3, $"{calls.Count("ReattachExecute")} streams were reattached to, for 32 MB in streams of 4 MB");
        Assert.Equal(1, calls.Count("ExecutePlan"));
        Assert.Equal(1, calls.Count("ReleaseExecute"));
    }

    [SkippableFact]
    public async Task AnOperationLongerThanTheServersStreamsRunsOnceAndShowsItsTasks()
    {
        var calls = new CallCounter();
        var progress = new ProgressList();
        using GrpcChannel channel = SparkChannel.Open(spark.Address, TimeSpan.FromSeconds(10));
        var options = new SparkConnectOptions { Progress = progress };
        await using SparkConnectClient client = await SparkConnectClient.ConnectAsync(null, channel.Intercept(calls), spark.Address, options, default);
        string directory = Path.Combine(Path.GetTempPath(), $"ncfspark-test-{Guid.NewGuid():N}");
        try
        {
            await client.WriteParquetAsync($"SELECT id, {SparkSql.Sleep("id", 400)} AS slept FROM range(0, 30, 1, 15)", directory, title: "Spark: writing");
            Assert.Equal(Enumerable.Range(0, 30).Select(i => (long)i), ParquetColumns.Read<long>(directory, "id").Order());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        Assert.True(calls.Count("ReattachExecute") >= 1);
        Assert.Equal(1, calls.Count("ExecutePlan"));
        Assert.Equal("Spark: writing (tasks)", Assert.Single(progress.Started));
        Assert.InRange(progress.Units, 1, 15);
        Assert.Contains(progress.Details, detail => detail.EndsWith(" of 15 planned, 2 running", StringComparison.Ordinal));
        Assert.Empty(progress.Lines); // ends of streams are no outages
    }

    [SkippableFact]
    public async Task ACommandRunsOnceAndAQueryIsNotRunAsACommand()
    {
        await using SparkConnectClient client = await spark.ConnectAsync();
        string directory = Path.Combine(Path.GetTempPath(), $"ncfspark-test-{Guid.NewGuid():N}");
        try
        {
            await client.ExecuteAsync($"CREATE TABLE appended (id BIGINT) USING parquet LOCATION '{directory}'");
            await client.ExecuteAsync("INSERT INTO appended SELECT id FROM range(0, 3)");
            await client.ExecuteAsync("INSERT INTO appended SELECT id FROM range(3, 5)");
            await client.ExecuteAsync("SELECT raise_error('run')");
            Assert.Equal([0L, 1L, 2L, 3L, 4L], (await client.QueryAsync("SELECT id FROM appended ORDER BY id")).Select(row => row[0]));
        }
        finally
        {
            await client.ExecuteAsync("DROP TABLE IF EXISTS appended");
            if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        }
    }

    [SkippableFact]
    public async Task AnInterruptedQueryFreesItsThreadsAndTheSessionGoesOn()
    {
        await using SparkConnectClient client = await spark.ConnectAsync();
        await client.ExecuteAsync("CREATE OR REPLACE TEMP VIEW kept AS SELECT 7 AS seven");
        using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(1.5));
        long began = TimeProvider.System.GetTimestamp();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            client.QueryAsync($"SELECT {SparkSql.Sleep("id", 600_000)} FROM range(0, 4, 1, 4)", cancellation: cancellation.Token));
        Assert.Equal(7L, (await client.QueryAsync("SELECT count(*) + 6 FROM kept CROSS JOIN range(0, 1, 1, 4)"))[0][0]);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 1.4, 60);
    }

    private sealed class CallCounter : Interceptor
    {
        private readonly List<string> methods = [];

        public int Count(string method)
        {
            lock (methods) return methods.Count(one => one == method);
        }

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation)
        {
            lock (methods) methods.Add(context.Method.Name);
            return continuation(request, context);
        }

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            lock (methods) methods.Add(context.Method.Name);
            return continuation(request, context);
        }
    }
}
