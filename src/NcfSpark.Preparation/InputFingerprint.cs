using System.Security.Cryptography;
using System.Text;
using NcfSpark.Data;

namespace NcfSpark.Preparation;

/// <summary>Names the input that a prepared directory is made from.</summary>
internal static class InputFingerprint
{
    /// <summary>SHA-256 over the content of all input files. Where they lie, what they are called and in what order they are read does not matter.</summary>
    public static string OfContent(InputOptions input, PrepareOptions prepare)
    {
        bool given = prepare.Split == "given";
        var text = new StringBuilder();
        foreach ((string role, string path) in new[] { ("input", input.Path), ("test", given ? input.TestPath : ""), ("candidates", given ? input.TestCandidatesPath : "") })
        {
            if (path.Length == 0) continue;
            InputFiles files = InputFiles.Find(path, role == "candidates" ? "csv" : input.Format, $"Input:{(role == "input" ? "Path" : role == "test" ? "TestPath" : "TestCandidatesPath")}");
            foreach (string hash in files.Paths.Select(HashOf).Order(StringComparer.Ordinal)) text.Append(role).Append(' ').Append(hash).Append('\n');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..32];
    }

    private static string HashOf(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 17);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path} cannot be read: {cause.Message}", cause);
        }
    }
}
