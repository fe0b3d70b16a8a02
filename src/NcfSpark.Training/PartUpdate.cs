using NcfSpark.Kernels;

namespace NcfSpark.Training;

/// <summary>One update of a part of the model by its rule, for the Torch step; coupled L2 is in the gradient already.</summary>
internal readonly struct PartUpdate
{
    private readonly PartRule rule;
    private readonly Adam adam;
    private readonly float keep;
    private readonly float rate;

    /// <param name="step">From 1.</param>
    /// <param name="samples">Samples of the batch: plain descent follows the sum of their gradients, not the mean.</param>
    public PartUpdate(PartRule rule, long step, int samples)
    {
        this.rule = rule;
        adam = new Adam(rule.LearningRate, step);
        keep = (float)(1 - rule.LearningRate * rule.Decay);
        rate = (float)(rule.LearningRate * samples);
    }

    /// <summary>Updates weights and their moments from their gradient; all have one length.</summary>
    public void Apply(Span<float> weights, Span<float> firstMoments, Span<float> secondMoments, ReadOnlySpan<float> gradients)
    {
        if (rule.Decay != 0)
        {
            foreach (ref float weight in weights) weight *= keep;
        }

        if (rule.Optimizer == Optimizer.Adam)
        {
            adam.Update(weights, firstMoments, secondMoments, gradients);
        }
        else
        {
            for (int i = 0; i < weights.Length; i++) weights[i] -= rate * gradients[i];
        }
    }
}
