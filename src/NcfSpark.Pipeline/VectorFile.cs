using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Engines.DuckDb;
using NcfSpark.Model;

namespace NcfSpark.Pipeline;

/// <summary>
/// Vectors of users or of items as another tool wrote them.
/// <code>
/// Parquet       a row each: id, features (a list of numbers), and a bias where Import:BiasColumn names one     Spark ALS: userFactors/, itemFactors/
/// safetensors   user_factors or user_embeddings [U, E] F32, user_biases [U] and user_ids [U] I64 where they are there; item_… alike
/// npz           the same names as .npy arrays of 32-bit floats, without ids                               implicit: model.save; LightFM: numpy.savez
/// </code>
/// </summary>
/// <param name="Path">Where they come from, for messages.</param>
/// <param name="Ids">As texts; null where row r is index r.</param>
/// <param name="Values">One vector after the other.</param>
/// <param name="Width">Numbers of a vector.</param>
/// <param name="Biases">One a vector; null for none.</param>
internal sealed partial record VectorFile(string Path, string[]? Ids, float[] Values, int Width, float[]? Biases)
{
    public int Count => Values.Length / Width;

    /// <param name="side">"user" or "item".</param>
    /// <exception cref="InvalidInputException">It cannot be read as any of these, or a vector has another length or no number.</exception>
    public static VectorFile Read(string path, string side, ImportOptions options)
    {
        VectorFile file = System.IO.Path.GetExtension(path) switch
        {
            ".safetensors" => OfTensors(path, side, Safetensors.Read(path).Tensors),
            ".npz" => OfTensors(path, side, ReadNpz(path)),
            _ => ReadParquet(path, options),
        };
        if (file.Width is < 1 or > 4096) throw new InvalidInputException($"{path}: vectors of {file.Width} numbers; 1 to 4,096 can be imported.");
        int bad = Array.FindIndex(file.Values, value => !float.IsFinite(value));
        if (bad >= 0)
        {
            throw new InvalidInputException($"{path}: number {bad % file.Width + 1} of the vector of {file.NameOf(bad / file.Width)} is no finite number.");
        }

        bad = Array.FindIndex(file.Biases ?? [], value => !float.IsFinite(value));
        return bad < 0 ? file : throw new InvalidInputException($"{path}: the bias of {file.NameOf(bad)} is no finite number.");
    }

    /// <summary>A row, for messages.</summary>
    public string NameOf(int row) => Ids is null ? $"row {row}" : $"id {ShownText.Of(Ids[row])}";

    private static VectorFile OfTensors(string path, string side, IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        string[] names = [$"{side}_factors", $"{side}_embeddings"];
        StoredTensor vectors = names.Select(name => tensors.GetValueOrDefault(name)).FirstOrDefault(tensor => tensor is { Shape.Length: 2, Type: "F32" })
            ?? throw new InvalidInputException($"{path}: there is no matrix {string.Join(" or ", names)} of 32-bit floats; "
                + $"there are {string.Join(", ", tensors.Values.Select(tensor => $"{tensor.Name} [{string.Join(", ", tensor.Shape)}] {tensor.Type}"))}.");
        int count = (int)vectors.Shape[0];
        StoredTensor? Beside(string name) => !tensors.TryGetValue(name, out StoredTensor? tensor) ? null
            : tensor.Shape.Aggregate(1L, (product, size) => product * size) == count ? tensor
            : throw new InvalidInputException($"{path}: {name} is [{string.Join(", ", tensor.Shape)}] beside {count:N0} vectors: one number each is wanted.");
        string[]? ids = Beside($"{side}_ids") is { } named ? Array.ConvertAll(named.Integers.ToArray(), id => $"{id}") : null;
        return new VectorFile(path, ids, vectors.Floats.ToArray(), (int)vectors.Shape[1], Beside($"{side}_biases")?.Floats.ToArray());
    }

    // An archive of arrays: 6 bytes "\x93NUMPY", version, length of the header, {'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }, values.
    private static Dictionary<string, StoredTensor> ReadNpz(string path)
    {
        try
        {
            using ZipArchive archive = ZipFile.OpenRead(path);
            var tensors = new Dictionary<string, StoredTensor>();
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                using Stream stream = entry.Open();
                using var content = new MemoryStream();
                stream.CopyTo(content);
                ReadOnlySpan<byte> bytes = content.GetBuffer().AsSpan(0, (int)content.Length);
                if (bytes.Length < 12 || bytes[0] != 0x93 || !bytes[1..6].SequenceEqual("NUMPY"u8)) continue;
                (int start, int length) = bytes[6] == 1
                    ? (10, BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]))
                    : (12, BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]));
                Match header = NpyHeader().Match(Encoding.Latin1.GetString(bytes.Slice(start, length)));
                if (!header.Success) continue; // texts, numbers of other kinds, and other orders
                string[] sizes = header.Groups["shape"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                long[] shape = Array.ConvertAll(sizes, long.Parse);
                string name = System.IO.Path.GetFileNameWithoutExtension(entry.Name);
                tensors[name] = new StoredTensor(name, MemoryMarshal.Cast<byte, float>(bytes[(start + length)..]).ToArray(), shape);
            }

            return tensors;
        }
        catch (Exception cause) when (cause is IOException or InvalidDataException or ArgumentException or OverflowException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path} cannot be read as an archive of NumPy arrays: {cause.Message}", cause);
        }
    }

    private static VectorFile ReadParquet(string path, ImportOptions options)
    {
        string[] files = ParquetColumns.FilesIn(path);
        string scratch = Directory.CreateTempSubdirectory("ncfspark-import-").FullName;
        using var engine = new DuckDbEngine(new DuckDbOptions());
        try
        {
            IReadOnlyList<SqlColumn> columns = engine.ReadParquet("vectors", files);
            string Column(string setting, string name)
            {
                string[] there = [.. columns.Select(column => column.Name)];
                if (!there.Contains(name))
                {
                    string cure = NearestName.Of(name, there) is { } meant
                        ? $"did you mean {meant}?"
                        : $"there are {string.Join(", ", there.Select(one => ShownText.Of(one)))}.";
                    throw new InvalidInputException($"{path} has no column {ShownText.Of(name)} (Import:{setting}); {cure}");
                }

                return $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
            }

            string id = Column(nameof(options.IdColumn), options.IdColumn), vector = Column(nameof(options.VectorColumn), options.VectorColumn);
            string? bias = options.BiasColumn.Length == 0 ? null : Column(nameof(options.BiasColumn), options.BiasColumn);
            if (columns.First(column => column.Name == options.VectorColumn).Kind != SqlColumnKind.Nested)
            {
                throw new InvalidInputException($"{path}: column {options.VectorColumn} (Import:VectorColumn) holds no lists of numbers.");
            }

            var widths = engine.Query($"SELECT len({vector}) AS n, count(*) AS c, CAST(min({id}) AS VARCHAR) FROM vectors GROUP BY n ORDER BY c DESC, n");
            if (widths.Count == 0) throw new InvalidInputException($"{path} has no rows.");
            if (widths.Count > 1 || widths[0][0] is null)
            {
                IReadOnlyList<object?> other = widths[^1];
                throw new InvalidInputException($"{path}: the vector of id {ShownText.Of($"{other[2]}")} has {other[0] ?? "no"} numbers, "
                    + $"others have {widths[0][0] ?? "none"}: all need the same.");
            }

            int width = (int)(long)widths[0][0]!;
            string Number(string from) => $"coalesce(TRY_CAST({from} AS FLOAT), CAST('nan' AS FLOAT))";
            IEnumerable<string> numbers = Enumerable.Range(1, width).Select(k => $"{Number($"{vector}[{k}]")} AS f{k}");
            engine.WriteParquet($"SELECT coalesce(CAST({id} AS VARCHAR), '') AS id, {(bias is null ? "0::FLOAT" : Number(bias))} AS bias, "
                + $"{string.Join(", ", numbers)} FROM vectors", scratch);
            string[] ids = ParquetColumns.ReadStrings(scratch, "id");
            float[] values = new float[checked(ids.Length * width)];
            for (int k = 0; k < width; k++)
            {
                float[] column = ParquetColumns.Read<float>(scratch, $"f{k + 1}");
                for (int row = 0; row < ids.Length; row++) values[row * width + k] = column[row];
            }

            return new VectorFile(path, ids, values, width, bias is null ? null : ParquetColumns.Read<float>(scratch, "bias"));
        }
        catch (SqlEngineException cause)
        {
            throw new InvalidInputException($"{path} cannot be read as Parquet: {cause.Message}", cause);
        }
        finally
        {
            Leftovers.TryDelete(scratch);
        }
    }

    [GeneratedRegex(@"'descr':\s*'<f4',\s*'fortran_order':\s*False,\s*'shape':\s*\((?<shape>[\d, ]*)\)")]
    private static partial Regex NpyHeader();
}
