using NcfSpark.Model;

namespace NcfSpark.Training;

/// <summary>What makes updates from samples.</summary>
internal interface ITrainingStep : IDisposable
{
    /// <summary>What it is and which instructions it uses, for people.</summary>
    string Description { get; }

    /// <summary>Trains on the samples of an epoch from the position on, one update a batch.</summary>
    /// <param name="position">Where training stands, at the start of a batch.</param>
    /// <param name="end">The place in the epoch to stop at: the start of another batch, or the epoch's end.</param>
    /// <returns>Where training stands then.</returns>
    /// <exception cref="TrainingDivergedException">The loss is not finite.</exception>
    TrainingPosition Advance(TrainingPosition position, ISampleSource samples, long end);

    /// <summary>Brings the training state's weights and moments up to date, before they are validated, saved or given away.</summary>
    void Synchronize();

    /// <summary>Brings the values of the shared weights (<see cref="ModelWeights.Shared"/>) up to date, not their moments.</summary>
    void SynchronizeShared();

    /// <summary>Goes on from the shared weights as they are now in the training state, which somebody changed; moments stay.</summary>
    void ReloadShared();
}
