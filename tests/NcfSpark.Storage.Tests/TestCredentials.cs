using NcfSpark.Storage.Tests.S3;

namespace NcfSpark.Storage.Tests;

/// <summary>The credentials of the servers of the tests, in the environment of this process, where the SDK looks for them first.</summary>
internal static class TestCredentials
{
    public static void Use()
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", S3Server.AccessKey);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", S3Server.SecretKey);
        Environment.SetEnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true"); // no request leaves this machine
    }
}
