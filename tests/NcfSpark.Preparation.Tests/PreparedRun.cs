using NcfSpark.Core;
using NcfSpark.Engines;

namespace NcfSpark.Preparation.Tests;

/// <summary>Prepares a log into a run directory, as the pipeline does.</summary>
internal static class PreparedRun
{
    public static StageDirectory Prepare(ISqlEngine engine, InputOptions input, PrepareOptions prepare, string runDirectory, IProgressReporter progress)
    {
        var preparer = new Preparer(input, prepare);
        IStageWriter? writer = null;
        try
        {
            IStageWriter Begin() => writer = Preparer.Begin(engine, runDirectory, PreparedData.StageName, TimeProvider.System);
            StageCounts counts = preparer.Write(engine, Begin, progress);
            return writer!.Publish(new StageManifest
            {
                Stage = PreparedData.StageName,
                Fingerprint = preparer.InputHash(() => engine),
                MadeFrom = [],
                Configuration = new() { ["Input"] = SettingsJson.All(input), ["Prepare"] = SettingsJson.All(prepare) },
                Seed = prepare.Seed,
                Rows = counts.Rows,
                Notes = counts.Notes,
            });
        }
        finally
        {
            writer?.Dispose();
        }
    }
}
