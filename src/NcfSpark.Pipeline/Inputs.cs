using NcfSpark.Data;
using NcfSpark.Model;

namespace NcfSpark.Pipeline;

/// <summary>What a stage after training is made from, for its manifest and its fingerprint.</summary>
public static class Inputs
{
    /// <param name="model">The model, trained for the first time or again.</param>
    /// <param name="files">Files of the settings, by what they are, with their hashes.</param>
    public static SortedDictionary<string, string> Of(StageDirectory prepared, StageDirectory model, params IEnumerable<(string Name, string Hash)> files)
    {
        var from = new SortedDictionary<string, string>(StringComparer.Ordinal) { [PreparedData.StageName] = prepared.Manifest.Fingerprint, [TrainedModel.StageName] = model.Manifest.Fingerprint };
        foreach ((string name, string hash) in files) from[name] = hash;
        return from;
    }
}
