using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using NcfSpark.Core;
using NcfSpark.Preparation;

namespace NcfSpark.Pipeline;

/// <summary>What a file beside the log holds, as a hash, so that a stage made from it is known to be stale when it changes.</summary>
public static class FileHash
{
    // A night hashes the same lists several times. A file that was written since is read again.
    private static readonly ConcurrentDictionary<(string Path, long Length, DateTime Written), string> Known = [];

    /// <summary>What all files of a setting hold, in their order.</summary>
    /// <inheritdoc cref="Of(string, string)"/>
    public static string Of(ListFiles files)
    {
        string[] hashes = [.. files.Paths.Select(path => Of(path, files.Setting))];
        return hashes.Length == 1 ? hashes[0] : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', hashes))))[..32];
    }

    /// <exception cref="InvalidInputException">The file cannot be read; the message names the setting that names it.</exception>
    public static string Of(string path, string setting)
    {
        try
        {
            var file = new FileInfo(path);
            return Known.GetOrAdd((file.FullName, file.Length, file.LastWriteTimeUtc), _ =>
            {
                using FileStream stream = file.OpenRead();
                return Convert.ToHexStringLower(SHA256.HashData(stream))[..32];
            });
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path} cannot be read: {cause.Message} Mend the path in {setting}.", cause);
        }
    }
}
