using System.Runtime.CompilerServices;
using NcfSpark.Data;
using NcfSpark.Kernels;
using NcfSpark.Model;

namespace NcfSpark.Training;

/// <summary>Chooses what makes the updates.</summary>
internal static class TrainingSteps
{
    /// <summary>The step that the options and the model ask for, over a state whose weights and moments are set.</summary>
    /// <exception cref="InvalidInputException">Train:Step "fused" does not cover the model, or the processor.</exception>
    public static ITrainingStep Make(TrainingState state, TrainOptions options, ISampleSource samples)
    {
        ModelOptions model = state.Weights.Options;
        if (options.Loss == "softmax" && (!model.HasHistory || model.HasMlp || (model.HasHead && model.TrainedGmfHead)))
        {
            throw new InvalidInputException("Train:Loss is \"softmax\", which sets one user against many items by dot products: it needs Model:User \"history\" and Model:Kind \"mf\", or \"gmf\" with TrainedGmfHead false. Set these, or set Train:Loss to \"logistic\".");
        }

        var rules = new UpdateRules(options, UpdateRules.StepsOf(options, samples.Count));
        string? uncovered = model.HasHistory ? FusedHistoryStep.NotCovered(model, options) : null;
        if (options.Step == "fused" && uncovered is not null) throw new InvalidInputException($"Train:Step is \"fused\", which does not cover this model with a history: {uncovered}. Set it, or set Train:Step to \"torch\", which covers all and is slow.");
        if (options.Step == "torch" || uncovered is not null || (options.Step == "auto" && !SimdLevels.IsAccelerated)) return MakeTorch(state, options, rules);
        try
        {
            return model.HasHistory ? MakeHistory(state, options, samples, rules) : MakeFused(state, options, rules);
        }
        catch (PlatformNotSupportedException exception)
        {
            throw new InvalidInputException(exception.Message);
        }
    }

    // Each in a method of its own, so that libtorch is not even loaded where it is not used.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static FusedTrainingStep MakeFused(TrainingState state, TrainOptions options, UpdateRules rules) => new(state, options, rules, SimdLevels.FromEnvironment());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static FusedHistoryStep MakeHistory(TrainingState state, TrainOptions options, ISampleSource samples, UpdateRules rules) => new(state, options, samples, rules, SimdLevels.FromEnvironment());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TorchStep MakeTorch(TrainingState state, TrainOptions options, UpdateRules rules) => new(state, options, rules);
}
