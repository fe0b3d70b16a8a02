namespace NcfSpark.Engines.SparkConnect;

/// <summary>How a <see cref="SparkConnectServer"/> is started.</summary>
public sealed record SparkServerOptions : SubmitOptions
{
    /// <summary>How long the server may take to answer. A first start with --packages or --archives downloads and unpacks them.</summary>
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromMinutes(5);

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
