using NcfSpark.Core;
using NcfSpark.Model;
using NcfSpark.Model.Onnx;

namespace NcfSpark.Nightly;

/// <summary>What a model is exported as.</summary>
public enum ExportFormat
{
    /// <summary>Graphs that ONNX Runtime and others run: <see cref="OnnxModels"/>.</summary>
    Onnx,

    /// <summary>user_vectors.parquet and item_vectors.parquet for a vector store: id, vector, how often it was trained on.</summary>
    Parquet,
}

/// <summary>Writes the model in production, or the one that was trained by hand, for other tools.</summary>
public static class ModelExport
{
    private const int RowsPerGroup = 1 << 16;

    /// <summary>Writes the files into a directory, which appears whole and replaces an earlier export.</summary>
    /// <param name="directory">Null: export/FORMAT of the run directory.</param>
    /// <returns>The paths written.</returns>
    /// <exception cref="InvalidInputException">There is no model, it has no such form, or the directory holds something else.</exception>
    public static IReadOnlyList<string> Write(string runDirectory, ExportFormat format, string? directory)
    {
        if (!Directory.Exists(runDirectory)) throw new InvalidInputException($"{runDirectory} is not there: name a run directory by --run.");
        var nights = new RunNights(runDirectory);
        if (nights.Production is null && nights.Names.Count > 0)
        {
            throw new InvalidInputException($"No night of {runDirectory} is in production, so there is no model to export. "
                + $"`{Advice.Command("help", "promote")}` says how to put one of {string.Join(", ", nights.Names)} there.");
        }

        string to = Path.TrimEndingDirectorySeparator(directory ?? Path.Combine(runDirectory, "export", $"{format}".ToLowerInvariant()));
        string extension = format == ExportFormat.Onnx ? ".onnx" : ".parquet";
        if (File.Exists(to) || (Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any(entry => Path.GetExtension(entry) != extension)))
        {
            throw new InvalidInputException($"{to} is there and is no earlier export: name another directory by --out.");
        }

        TrainedModel model = ProductionLists.ModelOf(nights.Production is { } night ? nights.PathOf(night) : runDirectory);
        if (model.Weights.Baseline is not null)
        {
            throw new InvalidInputException($"A baseline serves in {runDirectory}, not a model, so there are no vectors or graphs to export. "
                + $"Put a night whose model serves into production (`{Advice.Command("help", "promote")}` says how), or set "
                + "Nightly:WhenBaselineWins to refuse.");
        }

        (string temporary, string old) = ($"{to}.tmp", $"{to}.old");
        foreach (string left in new[] { temporary, old }) Leftovers.TryDelete(left);
        try
        {
            Directory.CreateDirectory(temporary);
            if (format == ExportFormat.Onnx)
            {
                foreach ((string name, byte[] content) in OnnxModels.FilesOf(model)) File.WriteAllBytes(Path.Combine(temporary, name), content);
            }
            else
            {
                WriteVectors(model, temporary);
            }

            if (Directory.Exists(to)) StageDirectory.Rename(to, old);
            StageDirectory.Rename(temporary, to);
        }
        finally
        {
            foreach (string left in new[] { temporary, old }) Leftovers.TryDelete(left);
        }

        return [.. Directory.GetFiles(to).Order(StringComparer.Ordinal)];
    }

    private static void WriteVectors(TrainedModel model, string directory)
    {
        if (model.Weights.MlpLayers.Count > 0)
        {
            throw new InvalidInputException("This model has an MLP over pairs (Model:Kind \"neumf\" or \"mlp\"), so there are no vectors of users and items "
                + "whose product is the score: export it as onnx, or train Model:Kind \"mf\".");
        }

        var vectors = new PairVectors(model.Weights);
        foreach ((string side, IdTable ids, float[] values) in new[] { ("user", model.Users, vectors.Users_UD), ("item", model.Items, vectors.Items_ID) })
        {
            using ParquetFile file = ParquetFile.Create(
                Path.Combine(directory, $"{side}_vectors.parquet"), ($"{side}_id", ids.IdType), ("vector", typeof(float[])), ("interactions", typeof(int)));
            for (int start = 0; start < ids.Count; start += RowsPerGroup)
            {
                int[] rows = [.. Enumerable.Range(start, Math.Min(RowsPerGroup, ids.Count - start))];
                file.WriteGroup(
                    ids.IdsOf(rows),
                    Array.ConvertAll(rows, row => values.AsSpan(row * vectors.Size, vectors.Size).ToArray()),
                    Array.ConvertAll(rows, row => ids.Interactions[row]));
            }
        }
    }
}
