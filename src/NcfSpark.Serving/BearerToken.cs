using System.Collections;
using System.Security.Cryptography;
using System.Text;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Serving;

/// <summary>The token that requests must send. It comes from a file or the environment, never from the command line, which others can read.</summary>
internal sealed class BearerToken
{
    public const string Variable = "NCFSPARK_BEARER_TOKEN";
    private const string Scheme = "Bearer ";

    private readonly byte[] expected; // a hash, so that a comparison takes the same time whatever length is given

    private BearerToken(string token) => expected = SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>The token; null where there is none, and everybody who reaches the port may ask.</summary>
    /// <exception cref="InvalidInputException">The file cannot be read, or there is no token where one is promised.</exception>
    public static BearerToken? Of(ServeOptions options, IDictionary environment)
    {
        bool fromFile = options.TokenFile.Length > 0;
        if (!fromFile && environment[Variable] is null) return null;
        string token = fromFile ? Read(options.TokenFile) : $"{environment[Variable]}".Trim();
        return token.Length > 0
            ? new BearerToken(token)
            : throw new InvalidInputException(
                $"{(fromFile ? $"{options.TokenFile} (Serve:TokenFile)" : Variable)} is empty: put a token there, such as that of `openssl rand -hex 24`.");
    }

    /// <param name="header">The header Authorization.</param>
    public bool IsIn(string? header) =>
        header is not null && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..].Trim())), expected);

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"The token cannot be read (Serve:TokenFile): {cause.Message}", cause);
        }
    }
}
