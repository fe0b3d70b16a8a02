using NcfSpark.Training.Distributed;

namespace NcfSpark.Training;

/// <summary>
/// What becomes of parameters beside the steps that train them: <see cref="NoExchange"/> where one worker has them all, <see cref="ServerExchange"/>
/// where a parameter server combines those of several. <see cref="TrainingLoop"/> calls it in this order, epoch by epoch: BeginEpoch, for each round
/// AfterSteps any number of times and EndRound, EndEpoch.
/// </summary>
internal interface IParameterExchange
{
    /// <summary>An epoch begins, or continues from a checkpoint.</summary>
    void BeginEpoch(TrainingPosition position);

    /// <summary>A window of steps is done. The state's weights may be older than the step's.</summary>
    void AfterSteps(TrainingState state, ITrainingStep step);

    /// <summary>A round is done.</summary>
    /// <param name="state">Its shared weights are replaced by those that all workers have for the next round.</param>
    /// <param name="step">Continues from these.</param>
    /// <param name="samples">Number of samples of the round.</param>
    void EndRound(TrainingState state, ITrainingStep step, long samples);

    /// <summary>An epoch is done and validated. The state is up to date; its position is set to the start of the next epoch.</summary>
    /// <returns>Whether it was the last epoch.</returns>
    bool EndEpoch(TrainingState state, ValidationScore? validation);
}
