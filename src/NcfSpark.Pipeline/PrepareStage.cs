using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Preparation;

namespace NcfSpark.Pipeline;

/// <summary>The log of interactions → prepared/.</summary>
/// <param name="job">Its settings name the log; its engine reads a log that is not on this machine.</param>
public class PrepareStage(JobContext job) : Stage
{
    private readonly Preparer preparer = new(job.Configuration.Input, job.Configuration.Prepare);
    private Artifact? log;

    public override string Name => PreparedData.StageName;

    public override IReadOnlyList<Artifact> Inputs => [log ??= Artifact.File("input", () => preparer.InputHash(() => job.Engine.Open(job)))];

    public override IReadOnlyList<(string, object)> Options => [("Input", job.Configuration.Input), ("Prepare", job.Configuration.Prepare)];

    public override long Seed => job.Configuration.Prepare.Seed;

    public override StageCounts Run(StageContext context)
    {
        preparer.CheckInputIsThere(); // before a Spark is started, which takes seconds
        try
        {
            return preparer.Write(context.Job.Engine.Open(context.Job), () => context.Writer, context.Job.Progress);
        }
        finally
        {
            context.Job.Engine.Close();
        }
    }

    public override IStageWriter Begin(JobContext job) => Preparer.Begin(job.Engine.Open(job), job.RunDirectory, Name, job.Time);

    /// <summary>Whether a run directory holds what these settings of Input and Prepare made of a log, this one or another.</summary>
    public bool IsBySameSettings(string runDirectory)
    {
        try
        {
            return !StagePipeline.Differences(StageDirectory.Open(runDirectory, Name, isRead: _ => false), this).Any();
        }
        catch (InvalidInputException)
        {
            return false;
        }
    }
}
