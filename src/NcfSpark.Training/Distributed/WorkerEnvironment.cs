using System.Collections;
using NcfSpark.Core;

namespace NcfSpark.Training.Distributed;

/// <summary>
/// How a worker's process is told its credentials, whoever starts it: environment variables, which unlike a command line other users cannot read.
/// <code>
/// NCFSPARK_WORKER_SERVER       the server's address, such as https://10.0.0.5:41234
/// NCFSPARK_WORKER_TOKEN        the run's secret
/// NCFSPARK_WORKER_CERTIFICATE  SHA-256 of the server's certificate; absent: the server does not speak TLS
/// NCFSPARK_WORKER_NUMBER       which worker, from 0
/// NCFSPARK_WORKER_ATTEMPT      which attempt of it, from 1; absent or 0: the latest to come counts
/// NCFSPARK_WORKER_RUN          the run directory as this machine sees it, in which prepared/ stands; absent: the server's own path
/// NCFSPARK_WORKER_THREADS      threads of this worker; absent: what the server says
/// </code>
/// </summary>
public static class WorkerEnvironment
{
    public const string Server = "NCFSPARK_WORKER_SERVER", Token = "NCFSPARK_WORKER_TOKEN", Certificate = "NCFSPARK_WORKER_CERTIFICATE";
    public const string Number = "NCFSPARK_WORKER_NUMBER", Attempt = "NCFSPARK_WORKER_ATTEMPT";
    public const string Run = "NCFSPARK_WORKER_RUN", Threads = "NCFSPARK_WORKER_THREADS";

    /// <summary>Sets the variables of a credentials.</summary>
    public static void Write(IDictionary<string, string?> environment, WorkerCredentials credentials)
    {
        environment[Server] = credentials.Server;
        environment[Token] = credentials.Token;
        environment[Certificate] = credentials.Certificate;
        environment[Number] = $"{credentials.Worker}";
        environment[Attempt] = $"{credentials.Attempt}";
    }

    /// <summary>Reads a credentials.</summary>
    /// <exception cref="InvalidInputException">A variable is missing or wrong.</exception>
    public static WorkerCredentials Read(IDictionary environment)
    {
        string server = Text(environment, Server) ?? throw Missing(Server), token = Text(environment, Token) ?? throw Missing(Token);
        if (!Uri.TryCreate(server, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
        {
            throw new InvalidInputException($"{Server} is \"{server}\", which is no address such as https://10.0.0.5:41234.");
        }

        string certificate = Text(environment, Certificate) ?? (address.Scheme == "https" ? throw Missing(Certificate) : "");
        int number = WholeNumber(environment, Number) ?? throw Missing(Number);
        return new WorkerCredentials(server, token, certificate, number, WholeNumber(environment, Attempt) ?? 0);
    }

    /// <summary>A variable; null where it is absent or empty.</summary>
    public static string? Text(IDictionary environment, string name) => environment[name] is string { Length: > 0 } text ? text : null;

    /// <summary>A variable that is a whole number.</summary>
    public static int? WholeNumber(IDictionary environment, string name) => Text(environment, name) switch
    {
        null => null,
        { } text when int.TryParse(text, out int number) && number >= 0 => number,
        { } text => throw new InvalidInputException($"{name} is \"{text}\", which is no whole number from 0."),
    };

    private static InvalidInputException Missing(string name) =>
        new($"{name} is not set. `worker` is started by `train`, which sets {Server}, {Token} and {Number} for it; it is not a verb for people.");
}
