using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;
using NcfSpark.Core;

namespace NcfSpark.Storage;

/// <summary>What a failure of the store means for a person: what is wrong, where, and what to do.</summary>
internal sealed class StorageFault(StorageEndpoint endpoint)
{
    private string Server => endpoint.Url.Length > 0 ? $"{endpoint.Url} ({endpoint.From})" : "Amazon's S3";

    /// <summary>Whether the same request may succeed a little later.</summary>
    public static bool MayPass(Exception failure) => failure switch
    {
        AmazonServiceException { ErrorCode: "ConditionalRequestConflict" or "OperationAborted" or "RequestTimeout" or "SlowDown" } => true,
        AmazonServiceException { StatusCode: >= HttpStatusCode.InternalServerError and not HttpStatusCode.NotImplemented } => true,
        AmazonServiceException { StatusCode: 0, InnerException: { } cause } => MayPass(cause),
        AmazonServiceException => false,
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } => false,
        HttpRequestException or TimeoutException or TaskCanceledException { InnerException: TimeoutException } => true,
        IOException => FileFailure.Of(failure) is null, // not a full disk
        AmazonClientException { InnerException: { } cause } => MayPass(cause),
        _ => false,
    };

    /// <summary>Whether no server was found where one should be.</summary>
    public static bool NothingListens(Exception failure) =>
        failure is SocketException { SocketErrorCode: SocketError.ConnectionRefused } || (failure.InnerException is { } cause && NothingListens(cause));

    /// <summary>The exception that tells it; null where the failure is of something else, such as a file of this machine.</summary>
    /// <param name="done">What was not done there, as a participle: "read", "written".</param>
    public Exception? Of(Exception failure, ObjectPlace place, string done)
    {
        string not = $"{place} cannot be {done}";
        return Cure(failure, place) is { } cure ? new InvalidInputException($"{not}: {cure}", failure)
            : MayPass(failure) ? new StorageUnavailableException(
                $"{not}: {Server} failed again and again ({Reason(failure)}). What was finished before is untouched; the same command may work later.", failure)
            : failure is AmazonClientException or AmazonServiceException or HttpRequestException
                ? new InvalidInputException($"{not}: {Server} refuses it: {Reason(failure)}", failure)
            : null;
    }

    private string? Cure(Exception failure, ObjectPlace place) => failure switch
    {
        AmazonS3Exception { ErrorCode: "NoSuchBucket" } =>
            $"there is no bucket {place.Bucket} at {Server}. Mend the name, make the bucket, or name another server with Storage:S3Endpoint.",
        AmazonS3Exception { ErrorCode: "InvalidAccessKeyId" } =>
            $"{Server} does not know the access key. Look at AWS_ACCESS_KEY_ID (or AWS_PROFILE), and at Storage:S3Endpoint: a key is of one server.",
        AmazonS3Exception { ErrorCode: "SignatureDoesNotMatch" } =>
            "the secret key does not fit the access key. Look at AWS_SECRET_ACCESS_KEY (or AWS_PROFILE).",
        AmazonS3Exception { ErrorCode: "ExpiredToken" or "InvalidToken" or "TokenRefreshRequired" } =>
            "the session token has expired or is not valid. Get new credentials (AWS_SESSION_TOKEN, aws sso login), then give the same command again.",
        AmazonS3Exception { ErrorCode: "RequestTimeTooSkewed" or "RequestExpired" } =>
            "this machine's clock and the server's differ by more than 15 minutes. Set this machine's clock (timedatectl, chrony), then give the same "
            + "command again.",
        AmazonS3Exception { ErrorCode: "PermanentRedirect" or "AuthorizationHeaderMalformed" or "IllegalLocationConstraintException" } moved =>
            $"the bucket is in another region than {(endpoint.Region.Length > 0 ? endpoint.Region : "the one in use")} ({Reason(moved)}). Set Storage:Region "
            + "to the bucket's.",
        AmazonS3Exception { ErrorCode: "NotImplemented" } lacking =>
            $"{Server} cannot do what was asked of it: {Reason(lacking)}",
        AmazonS3Exception { StatusCode: HttpStatusCode.Forbidden } denied =>
            $"access is denied ({Reason(denied)}). Give these credentials s3:ListBucket on the bucket {place.Bucket}, and s3:GetObject, s3:PutObject and "
            + $"s3:DeleteObject on {(place.Key.Length > 0 ? place : $"{place}/*")}, or use others (AWS_PROFILE).",
        AmazonS3Exception { StatusCode: HttpStatusCode.NotFound } => $"there is no bucket {place.Bucket} or no such object at {Server}.",
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => $"the name of the server is not known: {Server}. {EndpointCure}",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } secure =>
            $"{Server} speaks no TLS, or its certificate is not accepted: {Reason(secure)} Install the certificate of its authority (SSL_CERT_FILE), or write "
            + "http:// where it speaks no TLS.",
        HttpRequestException when NothingListens(failure) => $"nothing listens at {Server}. {EndpointCure}",
        AmazonServiceException { StatusCode: 0, InnerException: { } cause } => Cure(cause, place),
        AmazonClientException when Mentions(failure, "credentials") =>
            "no credentials were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE for a profile of ~/.aws, or give the machine or "
            + "container a role.",
        AmazonClientException when Mentions(failure, "RegionEndpoint") || Mentions(failure, "region") =>
            "neither a region nor a server is named. Set Storage:Region (or AWS_REGION) for Amazon's S3, or Storage:S3Endpoint for another server.",
        AmazonClientException { InnerException: { } cause } => Cure(cause, place),
        _ => null,
    };

    private static string EndpointCure => "Look at Storage:S3Endpoint (or AWS_ENDPOINT_URL_S3), and whether the server runs.";

    private static bool Mentions(Exception failure, string word) => failure.Message.Contains(word, StringComparison.OrdinalIgnoreCase);

    private static string Reason(Exception failure)
    {
        string? code = (failure as AmazonServiceException)?.ErrorCode;
        string message = ShownText.Of(failure.Message.TrimEnd(), most: 300);
        return string.IsNullOrEmpty(code) || message.Contains(code, StringComparison.Ordinal) ? message : $"{code}: {message}";
    }
}

/// <summary>
/// The store was not reached, or answered with its own errors for as long as was tried: exit code 1, and the same command may work a little later. The message
/// says where and what.
/// </summary>
public sealed class StorageUnavailableException(string message, Exception cause) : IOException(message, cause);
