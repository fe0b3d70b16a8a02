using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using NcfSpark.Core;

namespace NcfSpark.Storage;

/// <summary>The server that is spoken to, as settings and environment say it together.</summary>
/// <param name="Url">Of a server that is not Amazon's; "" for Amazon's.</param>
/// <param name="From">What named it, for messages.</param>
/// <param name="Region">"" where the SDK has to find it.</param>
internal sealed record StorageEndpoint(string Url, string From, bool PathStyle, string Region)
{
    /// <exception cref="InvalidInputException">The endpoint is no URL.</exception>
    public static StorageEndpoint Of(StorageOptions options)
    {
        (string from, string url) = new[]
        {
            ("Storage:S3Endpoint", options.S3Endpoint), FromEnvironment("AWS_ENDPOINT_URL_S3"), FromEnvironment("AWS_ENDPOINT_URL"),
        }.FirstOrDefault(given => given.Item2.Length > 0, ("", ""));
        if (url.Length > 0 && !(Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) && parsed.Scheme is "http" or "https" && parsed.UserInfo.Length == 0))
        {
            throw new InvalidInputException($"{from} is \"{ShownText.Of(url[(url.LastIndexOf('@') + 1)..])}\", which is no URL of a server. Write one such as "
                + "https://minio.example:9000, without a user or a password. Nothing was changed.");
        }

        string region = new[] { options.Region, FromEnvironment("AWS_REGION").Value, FromEnvironment("AWS_DEFAULT_REGION").Value }
            .FirstOrDefault(name => name.Length > 0, url.Length > 0 ? "us-east-1" : "");
        return new StorageEndpoint(url, from, options.S3PathStyle ?? url.Length > 0, region);
    }

    /// <summary>A client with the SDK's own chain of credentials.</summary>
    /// <exception cref="InvalidInputException">Neither a region nor a server is known.</exception>
    /// <remarks>
    /// Checksums that only newer stores know (aws-chunked with trailers) are left out. Instead the signature covers the SHA-256 of every body, which all check.
    /// </remarks>
    public AmazonS3Client Client()
    {
        var config = new AmazonS3Config
        {
            ForcePathStyle = PathStyle,
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = 2, // at once, as the SDK does, which also learns the server's time; ObjectTransfer goes on with longer waits
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            ConnectTimeout = TimeSpan.FromSeconds(10),
        };
        if (Url.Length > 0)
        {
            config.ServiceURL = Url;
            config.AuthenticationRegion = Region;
        }
        else if (Region.Length > 0)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(Region);
        }

        try
        {
            return new AmazonS3Client(config);
        }
        catch (AmazonClientException cause) when (Url.Length == 0 && Region.Length == 0)
        {
            throw new InvalidInputException(
                "Object storage is named (s3://…), and neither its region nor its server is known. Set Storage:Region or AWS_REGION (such as "
                + "eu-west-1), or AWS_PROFILE for a profile of ~/.aws; for a server that is not Amazon's, Storage:S3Endpoint or AWS_ENDPOINT_URL_S3. "
                + "Nothing was changed.", cause);
        }
    }

    private static (string Name, string Value) FromEnvironment(string name) => (name, Environment.GetEnvironmentVariable(name) ?? "");
}
