using NcfSpark.Kernels;

namespace NcfSpark.Training;

/// <summary>The rules by which each part of the model is updated at each step, as the options say.</summary>
/// <param name="totalSteps">Steps of all epochs, which a falling learning rate needs to know.</param>
internal sealed class UpdateRules(TrainOptions options, long totalSteps)
{
    /// <summary>How many steps all epochs are, of so many samples each.</summary>
    public static long StepsOf(TrainOptions options, long samples) => options.Epochs * ((samples + options.BatchSize - 1) / options.BatchSize);

    /// <summary>For GMF embeddings and biases.</summary>
    /// <param name="step">From 1.</param>
    public PartRule Gmf(long step) => new()
    {
        Optimizer = options.Embeddings.Optimizer ?? options.Optimizer,
        LearningRate = Scheduled(options.Embeddings.LearningRate ?? options.LearningRate, step),
        L2 = options.Embeddings.Regularization ?? options.Regularization,
        Decay = options.Embeddings.WeightDecay ?? options.WeightDecay,
    };

    /// <summary>For MLP embeddings.</summary>
    /// <param name="step">From 1.</param>
    public PartRule Mlp(long step) => Dense(step) with { L2 = options.Regularization, Decay = options.WeightDecay };

    /// <summary>For layers and head.</summary>
    /// <param name="step">From 1.</param>
    public PartRule Dense(long step) => new() { Optimizer = options.Optimizer, LearningRate = Scheduled(options.LearningRate, step) };

    // First a warm-up, if there is one, from 0. Linear: from the whole rate at the first step to 0 after the last.
    private double Scheduled(double rate, long step)
    {
        double warm = options.WarmUp * totalSteps;
        if (step <= warm) return rate * step / warm;
        return options.LearningRateSchedule == LearningRateSchedule.Linear ? rate * Math.Max(0, 1 - (step - 1 - warm) / (totalSteps - warm)) : rate;
    }
}
