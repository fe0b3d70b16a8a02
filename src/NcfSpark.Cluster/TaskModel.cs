using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using NcfSpark.Core;
using NcfSpark.Engines;
using NcfSpark.Model;
using NcfSpark.Scoring;

namespace NcfSpark.Cluster;

/// <summary>
/// What every scoring task of a run needs alike, as a directory that Spark hands to its executors:
/// <code>
/// model/            (or refit/) the model's directory, whose manifest has the hash of every file
/// items.parquet     the items that may be recommended; not there where all may be, in any number
/// lists.bin         rules that look at the user, and named lists (<see cref="ListsFile"/>); not there where there are none
/// </code>
/// It travels as an artifact of the session, as this program does: the driver of Spark serves it, and each executor
/// fetches it once. So a task needs no storage that it shares with this machine, nor a way to this machine, which a
/// `--remote` Spark may not have; and who may fetch it is Spark's own rule (its Connect token, its cluster's secret).
/// </summary>
internal static class TaskModel
{
    private const string ItemsFile = "items.parquet", ListsName = "lists.bin";

    /// <summary>Sees to it that executors have it, and says what its directory is called there.</summary>
    /// <param name="items">What may be recommended; null for all.</param>
    /// <param name="archive">Where the archive is written. The caller deletes it, once the engine is closed: until then
    /// Spark may read it (<see cref="IClusterEngine.Ship"/>).</param>
    public static string Ship(IClusterEngine engine, StageDirectory model, RecommendableItems? items, string archive)
    {
        string itemFile = $"{archive}.parquet", listsFile = $"{archive}.lists";
        try
        {
            if (items is not null) ItemFile.Write(itemFile, items);
            if (items is { HasUserRulesOrLists: true }) ListsFile.Write(listsFile, items);
            using (var content = new TaskArchive(archive, CompressionLevel.NoCompression)) // weights do not get smaller
            {
                foreach (string name in model.Manifest.Files.Keys.Prepend(StageManifest.FileName))
                {
                    content.AddFile($"{model.Manifest.Stage}/{name}", model.File(name));
                }

                if (items is not null) content.AddFile(ItemsFile, itemFile);
                if (items is { HasUserRulesOrLists: true }) content.AddFile(ListsName, listsFile);
            }

            // An executor that has it from an earlier run takes no other for it.
            return engine.Ship(archive, $"ncfspark-model-{NameOf(model, [.. new[] { itemFile, listsFile }.Where(File.Exists)])}");
        }
        finally
        {
            File.Delete(itemFile);
            File.Delete(listsFile);
        }
    }

    /// <summary>Reads it in a task, and checks every file.</summary>
    /// <exception cref="InvalidInputException">It is not whole.</exception>
    public static (TrainedModel Model, RecommendableItems Items) Read(string directory, ScoreOptions options)
    {
        string stage = Directory.Exists(directory)
            ? Path.GetFileName(Directory.GetDirectories(directory).Single())
            : throw new InvalidInputException(
                $"The executor on {Environment.MachineName} has no {directory} beside its tasks, which Spark should have sent it.");
        TrainedModel model = TrainedModel.Read(StageDirectory.Open(directory, stage));
        string itemFile = Path.Combine(directory, ItemsFile), listsFile = Path.Combine(directory, ListsName);
        RecommendableItems items = File.Exists(itemFile)
            ? ItemFile.Read(itemFile, model.Items.Count, options.MaxPerGroup)
            : RecommendableItems.All(model.Items);
        return (model, File.Exists(listsFile) ? ListsFile.Read(listsFile, items, options) : items);
    }

    private static string NameOf(StageDirectory model, string[] files)
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        all.AppendData(Encoding.UTF8.GetBytes(StageDirectory.ToText(model.Manifest)));
        foreach (string file in files) all.AppendData(File.ReadAllBytes(file));
        return Convert.ToHexStringLower(all.GetHashAndReset())[..16];
    }
}
