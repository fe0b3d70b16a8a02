using NcfSpark.Model;
using NcfSpark.Training.Distributed;

namespace NcfSpark.Training;

/// <summary>The loop of training, the same for one worker and for each of several: epochs, their rounds, and the steps of a round.</summary>
/// <param name="plan">Where rounds end.</param>
/// <param name="validate">Scores an epoch; null where nothing is held out.</param>
/// <param name="exchange">Called between steps, rounds and epochs.</param>
/// <param name="time">Sizes windows of steps.</param>
internal sealed class TrainingLoop(
    TrainOptions options, RoundPlan plan, ISampleSource samples, Func<ModelWeights, ValidationScore>? validate, IParameterExchange exchange, TimeProvider time)
{
    /// <summary>Trains from the state's position to the end of the last epoch.</summary>
    public void Run(TrainingState state, ITrainingStep step, CancellationToken cancellation)
    {
        do
        {
            exchange.BeginEpoch(state.Position);
            var window = new StepWindow(time);
            while (state.Position.Round < plan.Rounds) TrainRound(state, step, window, cancellation);
            step.Synchronize();
        }
        while (!exchange.EndEpoch(state, validate?.Invoke(state.Weights)));
    }

    private void TrainRound(TrainingState state, ITrainingStep step, StepWindow window, CancellationToken cancellation)
    {
        long first = plan.SamplesBefore(state.Position.Round), end = plan.SamplesBefore(state.Position.Round + 1);
        while (state.Position.Samples < end)
        {
            cancellation.ThrowIfCancellationRequested();
            state.Position = window.Advance(step, state.Position, samples, options.BatchSize, end);
            exchange.AfterSteps(state, step);
        }

        exchange.EndRound(state, step, end - first);
        state.Position = state.Position with { Round = state.Position.Round + 1 };
    }
}
