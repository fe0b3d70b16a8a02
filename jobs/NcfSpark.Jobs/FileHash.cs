using System.Security.Cryptography;
using NcfSpark.Data;

namespace NcfSpark.Jobs;

/// <summary>What a file beside the log holds, as a hash, so that a stage made from it is known to be stale when it changes.</summary>
internal static class FileHash
{
    /// <exception cref="InvalidInputException">The file cannot be read; the message names the setting that names it.</exception>
    public static string Of(string path, string setting)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(stream))[..32];
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path} cannot be read: {cause.Message} Mend the path in {setting}.", cause);
        }
    }
}
