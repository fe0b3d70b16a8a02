using System.Security.Cryptography;
using System.Text;
using NcfSpark.Data;
using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>Names the input that a prepared directory is made from.</summary>
internal static class InputFingerprint
{
    /// <summary>
    /// SHA-256 over the content of all input files. Where they lie, what they are called and in what order they are read does not matter. Of what only Spark reads, it is
    /// over hashes of the columns that are used.
    /// </summary>
    /// <param name="engine">Gives the engine; asked only where input is elsewhere.</param>
    /// <param name="input">Which files.</param>
    /// <param name="prepare">Whether those of a given split count.</param>
    public static string OfContent(Func<ISqlEngine> engine, InputOptions input, PrepareOptions prepare)
    {
        var text = new StringBuilder();
        foreach ((string role, string given, string setting, string format) in Named(input, prepare))
        {
            IEnumerable<string> hashes = InputPlace.HasScheme(given) ? [ChecksumOf(engine(), input, given, setting)] : Find(input, given, setting, format).Paths.Select(HashOf).Order(StringComparer.Ordinal);
            foreach (string hash in hashes) text.Append(role).Append(' ').Append(hash).Append('\n');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..32];
    }

    /// <summary>Refuses files of this machine that are not there.</summary>
    public static void CheckFiles(InputOptions input, PrepareOptions prepare)
    {
        foreach ((_, string given, string setting, string format) in Named(input, prepare))
        {
            if (!InputPlace.HasScheme(given)) Find(input, given, setting, format);
        }
    }

    private static InputFiles Find(InputOptions input, string given, string setting, string format)
    {
        try
        {
            return InputFiles.Find(given, format, setting);
        }
        catch (InvalidInputException cause) when (input.Origin.Length > 0)
        {
            throw new InvalidInputException($"{cause.Message}\nWhere it can be had (Input:Origin): {input.Origin}", cause);
        }
    }

    private static IEnumerable<(string Role, string Given, string Setting, string Format)> Named(InputOptions input, PrepareOptions prepare)
    {
        yield return ("input", input.Path, "Input:Path", input.Format);
        if (prepare.Split == "given" && input.TestPath.Length > 0) yield return ("test", input.TestPath, "Input:TestPath", input.Format);
        if (prepare.Split == "given" && input.TestCandidatesPath.Length > 0)
        {
            if (InputPlace.HasScheme(input.TestCandidatesPath)) throw new InvalidInputException($"Input:TestCandidatesPath is \"{input.TestCandidatesPath}\"; it must be a file of this machine, since its layout is none that Spark reads.");
            yield return ("candidates", input.TestCandidatesPath, "Input:TestCandidatesPath", "csv");
        }
    }

    private static string ChecksumOf(ISqlEngine engine, InputOptions input, string given, string setting)
    {
        InputSource source = InputSource.Open(engine, input, given, setting, "ncf_fingerprinted");
        return InputSource.Readable(source.Files, () => string.Join(' ', engine.Query(((IClusterEngine)engine).Checksum(source.View, [.. source.Columns.All.Select(column => column.Sql)]))[0]));
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
