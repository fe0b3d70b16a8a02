using NcfSpark.Core;
using NcfSpark.Nightly;
using NcfSpark.Storage;

namespace NcfSpark.Jobs;

/// <summary>Writes the model in production for other tools. It needs no configuration, and changes nothing of a night.</summary>
internal static class ExportJob
{
    public const string Name = "export";

    /// <param name="format">onnx or parquet.</param>
    /// <param name="runDirectory">The run directory; null: the only one below runs/.</param>
    /// <param name="directory">Where to; null: export/FORMAT of the run directory.</param>
    public static void Run(string? format, string? runDirectory, string? directory, TextWriter output)
    {
        if (!Enum.TryParse(format, ignoreCase: true, out ExportFormat chosen) || !Enum.IsDefined(chosen) || int.TryParse(format, out _))
        {
            throw new InvalidInputException(format is null
                ? "As what? Write --format onnx or --format parquet."
                : $"--format {ShownText.Of(format)} is not known: write onnx or parquet.");
        }

        string given = runDirectory ?? ShowJob.OnlyRun();
        if (directory is null && ObjectPlace.IsMeant(given)) throw new InvalidInputException($"{given} is not on this machine: name a directory by --out.");
        using var run = RunPlace.Look(given);
        foreach (string path in ModelExport.Write(run.Directory, chosen, directory)) output.WriteLine($"export: {path}");
    }
}
