using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.Spark;
using Microsoft.Spark.Sql;
using NcfSpark.Core;
using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.MicrosoftSpark;

/// <summary>
/// A Spark behind <see cref="ISqlEngine"/>, through Microsoft.Spark (.NET for Apache Spark), Spark 3.5 (2.3.1) and 4.0 (2.4.0). Compiled with
/// -p:MicrosoftSpark=true, with -p:MicrosoftSparkVersion=… for another version than 2.3.1. The process runs under spark-submit and DotnetRunner,
/// which chooses the master and gives the exit code on.
/// </summary>
/// <remarks>
/// Only public API that asks no worker on the executors: SQL, reading, writing, settings. Known traps, each minded
/// below: the library speaks on standard output; Builder.Master would override spark-submit's; Collect gives a BIGINT
/// as int where it fits; the JVM's errors come as stack traces. Do not read standard input: its end never arrives.
/// </remarks>
public sealed partial class MicrosoftSparkEngine : SparkEngine
{
    private readonly SparkSession session;
    private readonly CancellationToken cancellation;
    private readonly CancellationTokenRegistration stopping;

    private MicrosoftSparkEngine(SparkSession session, TextWriter standardOutput, CancellationToken cancellation)
    {
        (this.session, StandardOutput, this.cancellation) = (session, standardOutput, cancellation);
        Version = session.Version();
        stopping = cancellation.Register(Stop); // there is no call that interrupts a statement; without its context it fails
    }

    /// <summary>
    /// Standard output. While the engine lives, Console.Out goes nowhere: the library writes its log and whole JVM
    /// stacks there, also for errors that are handled.
    /// </summary>
    public TextWriter StandardOutput { get; }

    protected override string Version { get; }

    /// <summary>Uses the Spark of the spark-submit that started this process.</summary>
    /// <param name="cancellation">Stops the statement that is running, and Spark with it.</param>
    /// <exception cref="InvalidInputException">This process was not started by spark-submit.</exception>
    public static MicrosoftSparkEngine Start(CancellationToken cancellation = default)
    {
        if (!DotnetRunner.IsParent(Environment.GetEnvironmentVariables())) throw NotUnderSparkSubmit(null);
        TextWriter standardOutput = Console.Out;
        Console.SetOut(TextWriter.Null);
        try
        {
            SparkSession session = SparkSession.Builder().AppName("NcfSpark").GetOrCreate(); // the master is spark-submit's
            foreach ((string key, string value) in SparkDialect.SessionSettings) session.Conf().Set(key, value);
            return new MicrosoftSparkEngine(session, standardOutput, cancellation);
        }
        catch (Exception failure)
        {
            Console.SetOut(standardOutput);
            if (failure.GetBaseException() is SocketException refused) throw NotUnderSparkSubmit(refused);
            if (failure.InnerException is JvmException)
            {
                throw SparkException.Lost($"Spark did not start: {FromJvm(failure.InnerException.Message, failure).Message}", failure).ForCallers();
            }

            throw;
        }
    }

    public override void Execute(string sql) => Guarded(() => session.Sql(sql));

    public override IReadOnlyList<IReadOnlyList<object?>> Query(string sql) => Guarded(() =>
    {
        var rows = new List<IReadOnlyList<object?>>();
        foreach (Row row in session.Sql(sql).Collect()) rows.Add([.. row.Values.Select(Plain)]);
        return rows;
    });

    // A view that keeps the plan rather than the text: it is the plan by which Spark finds cached rows.
    protected override void Cache(string table, string query, string statement)
    {
        View(table, query);
        Execute(statement);
    }

    protected override void View(string view, string query) => Guarded(() =>
    {
        session.Sql(query).CreateOrReplaceTempView(view);
        return true;
    });

    protected override void View(string view, string format, IReadOnlyList<string> files, IReadOnlyDictionary<string, string> options, string? schema = null) =>
        Guarded(() =>
    {
        DataFrameReader reader = session.Read().Format(format);
        if (schema is not null) reader = reader.Schema(schema);
        foreach ((string key, string value) in options) reader = reader.Option(key, value);
        reader.Load([.. files.Select(SparkPaths.ToRead)]).CreateOrReplaceTempView(view);
        return true;
    });

    /// <summary>
    /// SQL has a statement for what the library has no call for. What spark-submit was given with --archives is there
    /// already, and Spark passes it over.
    /// </summary>
    public override string Ship(string archive, string alias)
    {
        Execute($"ADD ARCHIVE {SparkDialect.Quote($"{SparkPaths.Whole(archive)}#{alias}")}");
        return $"./{alias}";
    }

    public override IEnumerable<IReadOnlyList<IReadOnlyList<object?>>> QueryParts(string sql)
    {
        using IEnumerator<Row> rows = Guarded(() => session.Sql(sql).ToLocalIterator().GetEnumerator());
        const int RowsOfPart = 1 << 14;
        for (bool more = true; more;)
        {
            var part = new List<IReadOnlyList<object?>>();
            while (part.Count < RowsOfPart && (more = Guarded(rows.MoveNext))) part.Add([.. rows.Current.Values.Select(Plain)]);
            yield return part;
        }
    }

    public override void WriteParquet(string query, string directory, string? partitionBy = null) => Guarded(() =>
    {
        DataFrameWriter writer = session.Sql(query).Write().Mode("errorifexists");
        foreach ((string key, string value) in SparkDialect.WriteOptions) writer = writer.Option(key, value);
        if (partitionBy is not null) writer = writer.PartitionBy(partitionBy);
        writer.Parquet(SparkPaths.Whole(directory));
        return true;
    });

    public override void Dispose()
    {
        stopping.Dispose();
        if (!cancellation.IsCancellationRequested) Stop();
        Console.SetOut(StandardOutput);
    }

    private void Stop()
    {
        try
        {
            session.Stop();
        }
#pragma warning disable CA1031 // whatever it says: Spark is gone, or about to go
        catch (Exception)
#pragma warning restore CA1031
        {
            // It has stopped by itself.
        }
    }

    private static object? Plain(object? value) => value switch
    {
        null or string or bool => value,
        sbyte or short or int or long => Convert.ToInt64(value),
        float or double or decimal => Convert.ToDouble(value),
        _ => throw new NotSupportedException($"A value is of type {value.GetType().Name}. Cast it to STRING or a number in the query."),
    };

    private T Guarded<T>(Func<T> run)
    {
        try
        {
            return run();
        }
        catch (Exception failure) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException("The statement was cancelled, and Spark stopped.", failure, cancellation);
        }
        catch (Exception failure) when (failure.InnerException is JvmException)
        {
            throw FromJvm(failure.InnerException.Message, failure).ForCallers();
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            throw SparkException.Lost($"Spark's driver no longer answers ({failure.Message}); its own log says why. Run the same command again.", failure)
                .ForCallers();
        }
    }

    // "org.apache.spark.sql.AnalysisException: [PATH_NOT_FOUND] Path does not exist: …", a stack, then perhaps "Caused
    // by: …" with a stack of its own, several times.
    private static SparkException FromJvm(string trace, Exception failure)
    {
        string[] messages = [.. CausedBy().Split(StackLines().Replace(trace, "")).Select(part => ExceptionClass().Replace(part.Trim(), "").Trim())];
        string message = messages[0], cause = messages[^1];
        if (!message.Contains(cause, StringComparison.Ordinal)) message += $"\nCaused by: {cause}";
        string? errorClass = ErrorClass().Match(cause) is { Success: true } inner ? inner.Groups[1].Value
            : ErrorClass().Match(message) is { Success: true } outer ? outer.Groups[1].Value
            : null;
        return SparkException.FromServer(message, errorClass, SqlState().Match(message) is { Success: true } state ? state.Groups[1].Value : null, failure);
    }

    private static InvalidInputException NotUnderSparkSubmit(Exception? cause)
    {
        string jar = Directory.EnumerateFiles(AppContext.BaseDirectory, "microsoft-spark-3-5_*.jar").FirstOrDefault()
            ?? "microsoft-spark-3-5_2.12-VERSION.jar (in the package Microsoft.Spark, below jars/)";
        string program = Environment.GetCommandLineArgs()[0], arguments = string.Join(' ', Environment.GetCommandLineArgs().Skip(1));
        string line = "spark-submit --class org.apache.spark.deploy.dotnet.DotnetRunner --master MASTER --conf spark.dotnet.ignoreSparkPatchVersionCheck=true "
            + $"{jar} dotnet {program} {arguments}";
        string message = "Microsoft.Spark works under spark-submit only, and this process does not run there (DOTNETBACKEND_PORT is "
            + $"{(cause is null ? "not set" : "set, but nothing answers")}). Start it so:\n  {line}";
        return cause is null ? new InvalidInputException(message) : new InvalidInputException(message, cause);
    }

    [GeneratedRegex(@"^\s*(at .*|\.\.\. \d+ (more|elided).*|Driver stacktrace:\s*)$\n?", RegexOptions.Multiline)]
    private static partial Regex StackLines();

    [GeneratedRegex(@"^Caused by: ", RegexOptions.Multiline)]
    private static partial Regex CausedBy();

    [GeneratedRegex(@"^[\w$.]+(Exception|Error): ?")]
    private static partial Regex ExceptionClass();

    [GeneratedRegex(@"\[([A-Z0-9_]+(?:\.[A-Z0-9_]+)*)\]")]
    private static partial Regex ErrorClass();

    [GeneratedRegex(@"SQLSTATE: (\w{5})")]
    private static partial Regex SqlState();
}
