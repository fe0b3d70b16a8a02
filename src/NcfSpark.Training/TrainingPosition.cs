namespace NcfSpark.Training;

/// <summary>Where training stands.</summary>
internal sealed record TrainingPosition
{
    /// <summary>The epoch that is under way, from 0.</summary>
    public int Epoch { get; init; }

    /// <summary>Rounds of that epoch that are done.</summary>
    public int Round { get; init; }

    /// <summary>Samples of that epoch that are done.</summary>
    public long Samples { get; init; }

    /// <summary>Updates done since the start of training: Adam's t.</summary>
    public long Steps { get; init; }

    /// <summary>The sum of those samples' losses.</summary>
    public double LossSum { get; init; }

    /// <summary>Time spent on that epoch.</summary>
    public double Seconds { get; init; }

    /// <summary>Finished epochs.</summary>
    public IReadOnlyList<EpochRecord> Epochs { get; init; } = [];

    /// <summary>Where training stands after one more update.</summary>
    /// <param name="samples">Samples of the update.</param>
    /// <param name="loss">The sum of their losses.</param>
    /// <exception cref="TrainingDivergedException">The loss is not finite.</exception>
    public TrainingPosition After(int samples, double loss) => double.IsFinite(loss)
        ? this with { Samples = Samples + samples, Steps = Steps + 1, LossSum = LossSum + loss }
        : throw new TrainingDivergedException($"The loss of step {Steps + 1:N0} (epoch {Epoch + 1}) is {loss}. Training stopped and no model was written; "
            + "lower Train:LearningRate.");
}
