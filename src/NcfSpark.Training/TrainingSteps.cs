using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NcfSpark.Core;
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
        if (options.Loss == LossKind.Softmax && !model.HasAttention && (!model.HasHistory || model.HasMlp || (model.HasHead && model.TrainedGmfHead)))
        {
            throw new InvalidInputException("Train:Loss is \"softmax\", which sets one user against many items by dot products: "
                + "it needs Model:User \"history\" and Model:Kind \"mf\", or \"gmf\" with TrainedGmfHead false. Set these, or set Train:Loss to \"logistic\".");
        }

        if (model.HasInteractions && (options.Loss != LossKind.Logistic || state.Interactions is null))
        {
            throw new InvalidInputException(options.Loss == LossKind.Logistic
                ? "Model:User is \"interactions\", which one worker trains: items are encoded from all their users. Set Train:Workers to 1 and "
                    + "Train:Placement to \"threads\"."
                : "Model:User is \"interactions\", which is trained by the cross entropy of each sample: set Train:Loss to \"logistic\".");
        }

        if (model.HasItemFeatures && state.Weights.Features is null)
        {
            throw new InvalidInputException("Model:Item is \"features\", but the prepared rows have no features of items. Set Input:ItemFeatures:Path and run "
                + "`prepare` again, or set Model:Item to \"embedding\".");
        }

        state.Weights.ComposeItems();
        var rules = new UpdateRules(options, UpdateRules.StepsOf(options, samples.Count));
        string? uncovered = model.HasHistory ? FusedTrainingStep.NotCovered(options) : null;
        if (options.Step == StepChoice.Fused && uncovered is not null)
        {
            throw new InvalidInputException($"Train:Step is \"fused\", which does not cover this model with a history: {uncovered}. "
                + "Set it, or set Train:Step to \"torch\", which covers all and is slow.");
        }

        string? whyTorch = options.WhyTorch(model)
            ?? (options.Step == StepChoice.Auto && !SimdLevels.IsAccelerated && !model.HasAttention && !model.HasInteractions
                ? "this processor has no vectors for the fused step"
                : null);
        // What Spark's executors are sent has none.
        if (whyTorch is not null && !IsTorchThere())
        {
            throw new InvalidInputException(
                $"libtorch is not there on {Environment.MachineName}, and {whyTorch}. Change that, or train where libtorch is: set "
                + "Train:Placement to threads or processes.");
        }

        try
        {
            return whyTorch is null ? MakeFused(state, options, rules, samples)
                : model.HasAttention ? MakeTorchAttention(state, options, rules)
                : model.HasInteractions ? MakeTorchInteractions(state, options, rules)
                : MakeTorch(state, options, rules);
        }
        catch (PlatformNotSupportedException exception)
        {
            throw new InvalidInputException(exception.Message);
        }
    }

    // Asked before TorchSharp looks, in the same way: where it does not find libtorch, it copies half a gigabyte of NuGet's cache into the program's
    // directory and loads that, and of two workers that did so at once one was ended by the kernel, for a library that the other was still writing.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsTorchThere()
    {
        Assembly torchSharp = typeof(TorchSharp.torch).Assembly;
        return NativeLibrary.TryLoad("torch_cpu", torchSharp, null, out _) && NativeLibrary.TryLoad("LibTorchSharp", torchSharp, null, out _);
    }

    // Each in a method of its own, so that libtorch is not even loaded where it is not used.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static FusedTrainingStep MakeFused(TrainingState state, TrainOptions options, UpdateRules rules, ISampleSource samples) =>
        new(state, options, rules, SimdLevels.FromEnvironment(), samples);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TorchAttentionStep MakeTorchAttention(TrainingState state, TrainOptions options, UpdateRules rules) => new(state, options, rules);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TorchInteractionsStep MakeTorchInteractions(TrainingState state, TrainOptions options, UpdateRules rules) => new(state, options, rules);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TorchStep MakeTorch(TrainingState state, TrainOptions options, UpdateRules rules) => new(state, options, rules);
}
