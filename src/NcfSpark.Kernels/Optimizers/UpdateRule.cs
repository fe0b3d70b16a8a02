namespace NcfSpark.Kernels;

/// <summary>
/// <see cref="PartRule"/> as the numbers that the kernels use at step t:
/// <code>
/// Adam:  m = b1 m + (1 - b1) g     v = b2 v + (1 - b2) g²     w = Keep w - Rate · m / (sqrt(v) · RootCorrection + e)
///        Rate = rate / (1 - b1^t)  RootCorrection = 1 / sqrt(1 - b2^t)
/// SGD:   w = Keep w - Rate · g     Rate = rate · (samples of the batch), since g is the gradient of the mean
/// </code>
/// with g = gradient + L2 · w and Keep = 1 - rate · decay.
/// </summary>
internal readonly record struct UpdateRule
{
    public const float Beta1 = 0.9f, Beta2 = 0.999f, Epsilon = 1e-8f; // Adam's paper

    /// <param name="step">t, from 1.</param>
    /// <param name="samples">Samples of the batch.</param>
    public UpdateRule(PartRule rule, long step, int samples)
    {
        IsAdam = rule.Optimizer == Optimizer.Adam;
        Rate = (float)(IsAdam ? rule.LearningRate / (1 - Math.Pow(Beta1, step)) : rule.LearningRate * samples);
        RootCorrection = (float)(1 / Math.Sqrt(1 - Math.Pow(Beta2, step)));
        Keep = (float)(1 - rule.LearningRate * rule.Decay);
        L2 = (float)(rule.L2 / samples);
    }

    public bool IsAdam { get; }

    public float Rate { get; }

    public float RootCorrection { get; }

    public float Keep { get; }

    /// <summary>L2 of one sample of weight 1 in the gradient of the batch's mean loss.</summary>
    public float L2 { get; }
}

/// <summary>The update rules of one step.</summary>
/// <param name="Gmf">For GMF embeddings, and the biases of users and items.</param>
/// <param name="Mlp">For MLP embeddings.</param>
/// <param name="Dense">For the layers and the head.</param>
internal readonly record struct StepRules(UpdateRule Gmf, UpdateRule Mlp, UpdateRule Dense);
