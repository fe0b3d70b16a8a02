using NcfSpark.Engines.SparkConnect;

namespace NcfSpark.Engines.Tests.SparkConnect;

/// <summary>What Spark says where it lacks the classes of object storage, and what has to be added.</summary>
public sealed class MissingFileSystemTests
{
    [Theory]
    [InlineData("Class org.apache.hadoop.fs.s3a.S3AFileSystem not found", "--packages org.apache.hadoop:hadoop-aws:3.4.2")]
    [InlineData("java.lang.RuntimeException: java.lang.ClassNotFoundException: Class org.apache.hadoop.fs.s3a.S3AFileSystem not found",
        "--packages org.apache.hadoop:hadoop-aws:3.4.2")]
    [InlineData("Class org.apache.hadoop.fs.azurebfs.SecureAzureBlobFileSystem not found", "--packages org.apache.hadoop:hadoop-azure:3.4.2")]
    [InlineData("Class org.apache.hadoop.fs.azure.NativeAzureFileSystem not found", "--packages org.apache.hadoop:hadoop-azure:3.4.2")]
    [InlineData("No FileSystem for scheme \"abfss\"", "--packages org.apache.hadoop:hadoop-azure:3.4.2")]
    [InlineData("No FileSystem for scheme: wasb", "--packages org.apache.hadoop:hadoop-azure:3.4.2")]
    [InlineData("No FileSystem for scheme \"gs\"", "com.google.cloud.bigdataoss:gcs-connector:hadoop3-")]
    [InlineData("Class com.google.cloud.hadoop.fs.gcs.GoogleHadoopFileSystem not found", "com.google.cloud.bigdataoss:gcs-connector:hadoop3-")]
    [InlineData("No FileSystem for scheme \"s3\"", "write s3a://")]
    [InlineData("No FileSystem for scheme \"xyz\"", "mend the scheme")]
    public void ThePackageIsNamedInTheVersionOfSparksHadoop(string message, string cure)
    {
        SqlEngineException told = SparkException.FromServer(message, null, null, null).ForCallers(() => "3.4.2");
        Assert.Contains(cure, told.Cure, StringComparison.Ordinal);
        Assert.True(told.InputAtFault);
        Assert.Equal(message, told.Message);
    }

    // The advice works on Spark 3.5, too, whose Connect server is a package itself.
    [Theory]
    [InlineData("--packages org.apache.hadoop:hadoop-aws:3.3.4", "o:spark-connect_2.12:3.5.9",
        "--packages org.apache.hadoop:hadoop-aws:3.3.4,o:spark-connect_2.12:3.5.9")]
    [InlineData("--packages a --conf b=c --packages d", null, "--packages a,d")]
    [InlineData("--conf b=c", "o:spark-connect_2.12:3.5.9", "--packages o:spark-connect_2.12:3.5.9")]
    [InlineData("--packages o:spark-connect_2.12:3.5.8", "o:spark-connect_2.12:3.5.9", "--packages o:spark-connect_2.12:3.5.8")]
    [InlineData("--conf b=c", null, "")]
    public void AllPackagesStandInOneOption(string given, string? server, string expected) =>
        Assert.Equal(expected, string.Join(' ', SubmitCommand.Packages(given.Split(' '), server)));

    [Theory]
    [InlineData("[PATH_NOT_FOUND] Path does not exist: s3a://bucket/log.csv.")]
    [InlineData("Class com.example.MyUdf not found")]
    public void OtherFailuresHaveNoSuchCure(string message) =>
        Assert.Null(SparkException.FromServer(message, null, null, null).ForCallers(() => throw new InvalidOperationException("nobody needs it")).Cure);
}
