using NcfSpark.Data;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>A Spark that is started for this process with spark-submit.</summary>
public abstract record SubmitOptions
{
    /// <summary>Where Spark computes: local[*], local[4], local-cluster[n,cores,MB], spark://host:port, yarn, k8s://…</summary>
    public required string Master { get; init; }

    /// <summary>Spark's directory. Empty for the environment's SPARK_HOME, or else the one that spark-submit on the PATH belongs to.</summary>
    public string SparkHome { get; init; } = "";

    /// <summary>Further arguments of spark-submit, as they are: ["--conf", "spark.driver.memory=4g", "--packages", "…"]. They win over the defaults here and over spark-defaults.conf.</summary>
    public IReadOnlyList<string> SubmitArguments { get; init; } = [];

    public IProgressReporter Progress { get; init; } = SilentProgress.Instance;
}
