using NcfSpark.Data;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>How a <see cref="SparkConnectServer"/> is started.</summary>
public sealed record SparkServerOptions
{
    /// <summary>Where Spark computes: local[*], local[4], local-cluster[n,cores,MB], spark://host:port, yarn, k8s://…</summary>
    public required string Master { get; init; }

    /// <summary>Spark's directory. Empty for the environment's SPARK_HOME, or else the one that spark-submit on the PATH belongs to.</summary>
    public string SparkHome { get; init; } = "";

    /// <summary>Further arguments of spark-submit, as they are: ["--conf", "spark.driver.memory=4g", "--packages", "…"]. They win over what is set here and in spark-defaults.conf.</summary>
    public IReadOnlyList<string> SubmitArguments { get; init; } = [];

    /// <summary>How long the server may take to answer. A first start with --packages or --archives downloads and unpacks them.</summary>
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromMinutes(5);

    public IProgressReporter Progress { get; init; } = SilentProgress.Instance;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
