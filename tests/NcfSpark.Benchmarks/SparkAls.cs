using System.Globalization;

namespace NcfSpark.Benchmarks;

/// <summary>Spark's ALS beside: spark/AlsScore.java in a JVM of its own, over the jars of SPARK_HOME (java, a JDK of 17 or newer, on the PATH).</summary>
internal static class SparkAls
{
    private const int Users = 10_000; // of all: ALS scores some million pairs a second
    private const double Share = 0.1; // of the rows are trained on, with one iteration: the factors' values do not change how long scoring takes

    // What Spark's own launcher opens for Java 17 (JavaModuleOptions).
    private static readonly string[] Opened = ["java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util",
        "java.util.concurrent", "java.util.concurrent.atomic", "jdk.internal.ref", "sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar"];

    /// <summary>Pairs a second of recommendForUserSubset; NaN, with a line that says why, where there is no Spark.</summary>
    public static double PairsPerSecond(ScoreRun run, int rank)
    {
        string? home = Environment.GetEnvironmentVariable("SPARK_HOME");
        if (string.IsNullOrEmpty(home) || Directory.GetFiles(Path.Combine(home, "jars"), "spark-mllib_*.jar").Length == 0)
        {
            Console.Error.WriteLine("Spark's ALS is not measured: SPARK_HOME is not set, or has no jars/spark-mllib_*.jar.");
            return double.NaN;
        }

        string[] arguments =
        [
            .. Opened.Select(package => $"--add-opens=java.base/{package}=ALL-UNNAMED"), "-Xmx4g", "-cp", Path.Combine(home, "jars", "*"), Path.Combine(
                AppContext.BaseDirectory, "spark", "AlsScore.java"),
            Path.Combine(run.RunDirectory, "prepared", "train"), $"{rank}", $"{Users}", $"{ScoreCase.K}", Share.ToString(
                CultureInfo.InvariantCulture), $"{run.Threads}",
        ];
        string line = ProcessFigures.Measure("java", arguments, run.RunDirectory).Output.Split('\n')
            .Last(text => text.StartsWith("pairs ", StringComparison.Ordinal));
        double[] figures = [.. line.Split(' ').Where((_, place) => place % 2 == 1).Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
        return figures[0] / figures[1];
    }
}
