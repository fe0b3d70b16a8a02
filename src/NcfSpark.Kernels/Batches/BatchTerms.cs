namespace NcfSpark.Kernels;

/// <summary>What holds for a whole batch.</summary>
/// <param name="Count">Its samples, at most the step's batch size.</param>
/// <param name="Step">The number of the update since the start of training, from 1: Adam's t.</param>
/// <param name="DropoutKey">Of <see cref="DropoutHash"/>; another for each batch.</param>
/// <param name="Gmf">The rule for GMF embeddings and biases.</param>
/// <param name="Mlp">The rule for MLP embeddings.</param>
/// <param name="Dense">The rule for layers and head.</param>
public readonly record struct BatchTerms(int Count, long Step, ulong DropoutKey, PartRule Gmf, PartRule Mlp, PartRule Dense);
