namespace NcfSpark.Kernels;

/// <summary>The rules of one step.</summary>
/// <param name="Gmf">For GMF embeddings, and the biases of users and items.</param>
/// <param name="Mlp">For MLP embeddings.</param>
/// <param name="Dense">For the layers and the head.</param>
internal readonly record struct StepRules(UpdateRule Gmf, UpdateRule Mlp, UpdateRule Dense);
