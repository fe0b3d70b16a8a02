using System.Runtime.Versioning;
using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.MicrosoftSpark;

/// <summary>A directory that looks like a Spark, with a script for spark-submit, and one with the jars of Microsoft.Spark.</summary>
[SupportedOSPlatform("linux")]
internal sealed class FakeSpark : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("ncfspark-test-").FullName;

    public FakeSpark(string core = "spark-core_2.12-3.5.9.jar", string submit = "exit 0")
    {
        Skip.If(SparkInstallation.OnPath("java") is null && Environment.GetEnvironmentVariable("JAVA_HOME") is null,
            "Needs Java: apt install openjdk-17-jre-headless.");
        foreach (string place in new[] { "bin", "jars", "conf", "work", "app", "scratch" }) Directory.CreateDirectory(File(place));
        Write("bin/spark-submit", $"#!/bin/bash\n{submit}\n");
        System.IO.File.SetUnixFileMode(File("bin/spark-submit"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Write($"jars/{core}", "");
        foreach (string bridge in new[] { "2-4_2.11-2.3.1", "3-2_2.12-2.3.1", "3-5_2.12-2.3.1", "4-0_2.13-2.3.1" })
        {
            Write($"app/microsoft-spark-{bridge}.jar", "");
        }
    }

    public string Home => directory;

    public string App => File("app");

    public string File(string name) => Path.Combine(directory, name);

    public void Write(string name, string text) => System.IO.File.WriteAllText(File(name), text);

    public void Dispose() => Directory.Delete(directory, recursive: true);
}
