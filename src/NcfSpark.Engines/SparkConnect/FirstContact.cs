using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;
using NcfSpark.Core;

namespace NcfSpark.Engines.SparkConnect;

/// <summary>Why the first call to a server failed, in words that say what to do.</summary>
internal static class FirstContact
{
    public static InvalidInputException Explain(SparkConnectionString target, RpcException failure, TimeSpan limit)
    {
        List<Exception> causes = Causes(failure);
        return new InvalidInputException($"{What()} ({new SparkFailure(failure).Status})", failure);

        string What() => failure.StatusCode switch
        {
            StatusCode.Unauthenticated or StatusCode.PermissionDenied when target.Token is null =>
                $"The Spark Connect server at {target} wants a token. Add ;token=… to the address, or set SPARK_CONNECT_AUTHENTICATE_TOKEN.",
            StatusCode.Unauthenticated or StatusCode.PermissionDenied =>
                $"The Spark Connect server at {target} refuses the token. Give the one that it was started with (spark.connect.authenticate.token, "
                + "or SPARK_CONNECT_AUTHENTICATE_TOKEN in its environment).",
            StatusCode.Unavailable when IsPlainHttp() =>
                $"A web server or proxy answers at {target}, and says that Spark does not. Start the Spark Connect server behind it, or mend the address.",
            _ when IsPlainHttp() => NotSpark("a web server answers there"),
            StatusCode.Unimplemented => NotSpark("a gRPC server answers there, but not Spark Connect"),
            StatusCode.DeadlineExceeded => NotSpark($"the connection was made, but nothing was answered within {limit.TotalSeconds:0} s"),
            _ when Cause<SocketException>() is { SocketErrorCode: SocketError.ConnectionRefused } =>
                $"Nothing listens at {target}. Start a Spark Connect server there ($SPARK_HOME/sbin/start-connect-server.sh), mend the address, "
                + "or let NcfSpark start one with --master.",
            _ when Cause<SocketException>() is { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } =>
                $"There is no host named {target.Host}. Mend the address {target}, or the name service of this machine.",
            _ when Cause<SocketException>() is { SocketErrorCode: SocketError.TimedOut or SocketError.HostUnreachable or SocketError.NetworkUnreachable }
                || Cause<TimeoutException>() is not null =>
                $"{target} cannot be reached. Mend the address, or what lies between (a firewall, a VPN).",
            _ when Cause<AuthenticationException>() is { } untrusted && untrusted.Message.Contains("certificate", StringComparison.Ordinal) =>
                $"The certificate of {target} is not trusted. Name the server as its certificate does, and if the certificate is your own, "
                + "set SSL_CERT_FILE to the file of those to trust.",
            _ when Cause<AuthenticationException>() is not null =>
                $"No encrypted connection to {target} could be made: Spark's own server has no TLS: if there is no proxy before it, "
                + "add ;use_ssl=false (the token then travels in the clear).",
            _ => NotSpark(target.UseTls ? "what answers there is not gRPC over TLS" : "what answers there is not gRPC; if it wants TLS, add ;use_ssl=true"),
        };

        // gRPC has a status for each of HTTP's: 404 is Unimplemented, 503 Unavailable. (401 and 403 are a proxy's word on the token, as good as Spark's.)
        bool IsPlainHttp() => failure.Status.Detail.Contains("Bad gRPC response", StringComparison.Ordinal);

        string NotSpark(string seen) => $"There is no Spark Connect server at {target}: {seen}. "
            + "Its port is 15002 unless spark.connect.grpc.binding.port says otherwise (7077, 4040 and 8080 are other doors of Spark).";

        T? Cause<T>()
            where T : Exception => causes.OfType<T>().FirstOrDefault();
    }

    private static List<Exception> Causes(RpcException failure)
    {
        var causes = new List<Exception>();
        for (Exception? cause = failure.Status.DebugException; cause is not null; cause = cause.InnerException) causes.Add(cause);
        return causes;
    }
}
