using System.Security.Cryptography;
using System.Text;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Storage;

namespace NcfSpark.Preparation;

/// <summary>The files that the settings of a log name, found once: those that are fingerprinted are those that are read, and no others.</summary>
internal sealed class ResolvedInput
{
    private readonly InputOptions input;
    private readonly List<(string Path, long Length, DateTime Written)> seen = [];

    private ResolvedInput(InputOptions input, InputFiles log, InputFiles? test, InputFiles? candidates, InputFiles? features) =>
        (this.input, Log, Test, Candidates, Features) = (input, log, test, candidates, features);

    /// <summary>Input:Path.</summary>
    public InputFiles Log { get; }

    /// <summary>Input:TestPath, where a given split has one.</summary>
    public InputFiles? Test { get; }

    /// <summary>Input:TestCandidatesPath, where a given split has one.</summary>
    public InputFiles? Candidates { get; }

    /// <summary>Input:ItemFeatures:Path, where there is one.</summary>
    public InputFiles? Features { get; }

    /// <param name="prepare">Whether those of a given split count.</param>
    /// <exception cref="InvalidInputException">A file of this machine is not there, or empty.</exception>
    public static ResolvedInput Find(InputOptions input, PrepareOptions prepare)
    {
        bool given = prepare.Split == SplitRule.Given, candidates = given && input.TestCandidatesPath.Length > 0;
        if (candidates && InputPlace.HasScheme(input.TestCandidatesPath) && !FetchedInputs.IsFetched(input.TestCandidatesPath))
        {
            throw new InvalidInputException(
                $"Input:TestCandidatesPath is \"{input.TestCandidatesPath}\"; it must be a file of this machine, since its layout is none that Spark reads.");
        }

        return new ResolvedInput(
            input,
            FindLog(input, input.Path, "Input:Path"),
            given && input.TestPath.Length > 0 ? FindLog(input, input.TestPath, "Input:TestPath") : null,
            candidates ? Find(input, input.TestCandidatesPath, "Input:TestCandidatesPath", InputFormat.Csv) : null,
            input.ItemFeatures.IsSet ? Find(input, input.ItemFeatures.Path, "Input:ItemFeatures:Path", InputFormat.Auto) : null);
    }

    /// <summary>
    /// SHA-256 over the content of all files and the columns that their folders name, of those that are used. Where
    /// else they lie, what they are called and in what order they are read does not matter. Of what only Spark reads,
    /// it is over hashes of the columns that are used.
    /// </summary>
    /// <param name="engine">Gives the engine; asked only where input is elsewhere.</param>
    public string Fingerprint(Func<ISqlEngine> engine)
    {
        string[] columns = InputColumns.Names(input);
        seen.Clear();
        var text = new StringBuilder();
        foreach ((string role, InputFiles? files) in new[] { ("input", Log), ("test", Test), ("candidates", Candidates), ("features", Features) })
        {
            if (files is null) continue;
            IEnumerable<string> lines = files.IsElsewhere
                ? [ChecksumOf(engine(), files)]
                : files.Paths.Select(path => LineOf(path, columns)).Order(StringComparer.Ordinal);
            foreach (string line in lines) text.Append(role).Append(' ').Append(line).Append('\n');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..32];
    }

    /// <summary>Refuses files that were written to since they were fingerprinted: what was read would be other than what the fingerprint says.</summary>
    /// <exception cref="InvalidInputException">A file has another size or time than before.</exception>
    public void CheckUnchanged()
    {
        foreach ((string path, long length, DateTime written) in seen)
        {
            var now = new FileInfo(path);
            if (now.Exists && now.Length == length && now.LastWriteTimeUtc == written) continue;
            throw new InvalidInputException($"{path} was changed while it was read. Nothing was kept. Start again when what writes it has ended; "
                + "write new files under another name, and rename them when they are whole.");
        }
    }

    private static InputFiles FindLog(InputOptions input, string given, string setting) =>
        InputPlace.HasScheme(given) && !FetchedInputs.IsFetchedLog(given)
            ? InputFiles.Elsewhere(ObjectPlace.TryParse(given, out ObjectPlace? place, out _) ? place.ForSpark : given, input.Format, setting)
            : Find(input, given, setting, input.Format);

    private static InputFiles Find(InputOptions input, string given, string setting, InputFormat format)
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

    private string ChecksumOf(ISqlEngine engine, InputFiles files)
    {
        using var scratch = new ScratchFolder();
        InputSource source = InputSource.Open(engine, input, files, "ncf_fingerprinted", scratch);
        return InputSource.Readable(files,
            () => string.Join(' ', engine.Query(((IClusterEngine)engine).Checksum(source.View, [.. source.Columns.All.Select(column => column.Sql)]))[0]));
    }

    private string LineOf(string path, string[] columns)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 17);
            seen.Add((path, stream.Length, File.GetLastWriteTimeUtc(path)));
            string folders = string.Concat(columns.Select(name => Partitions.ValueOf(path, name) is { } value ? $" {name}={value}" : ""));
            return Convert.ToHexStringLower(SHA256.HashData(stream)) + folders;
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path} cannot be read: {cause.Message}", cause);
        }
    }
}
