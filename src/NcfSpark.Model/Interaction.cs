using TorchSharp.Modules;
using static TorchSharp.torch;

namespace NcfSpark.Model;

/// <summary>
/// The interaction of B users' and items' vectors, as autograd sees it; <see cref="Kernels.NetworkShape"/> has the same.
/// <code>
/// dot     logit = u · q + b                  mf
/// cosine  score = u · q                      of vectors of length 1: no logit, and no b
/// gmf     logit = h · (u ∘ q) + b
/// mlp     logit = h · y_L + b                y_0 = [p'; q']     y_l = relu(W_l y_(l-1) + b_l)
/// neumf   logit = h · [u ∘ q; y_L] + b
/// </code>
/// Where the model has biases of users and items, each logit also has + b_user + b_item.
/// </summary>
/// <param name="head">h [1, E + width of the last layer]; null for dot and cosine.</param>
/// <param name="bias">b [1, 1]</param>
/// <param name="layers">W_l and b_l; empty for dot and gmf.</param>
internal sealed class Interaction(Parameter? head, Parameter bias, (Parameter Weight, Parameter Bias)[] layers)
{
    /// <summary>Logits [B].</summary>
    /// <param name="gmf">u and q [B, E]; null for mlp.</param>
    /// <param name="mlp">p' and q' [B, M]; null for dot and gmf.</param>
    /// <param name="biases">b_user and b_item [B, 1]; null if the model has none.</param>
    /// <param name="dropout">For y_0 and each y_l a mask [B, width] of 0 and 1 / (1 - rate), or null for none.</param>
    public Tensor Logits((Tensor U, Tensor Q)? gmf, (Tensor P, Tensor Q)? mlp, (Tensor OfUser, Tensor OfItem)? biases, IReadOnlyList<Tensor?>? dropout)
    {
        Tensor? product = gmf is { } vectors ? vectors.U * vectors.Q : null;
        Tensor? y = mlp is { } embeddings ? Mlp(cat([embeddings.P, embeddings.Q], dim: 1), dropout) : null;
        if (head is null)
        {
            Tensor dot_B1 = product!.sum(dim: 1, keepdim: true);
            return biases is { } own ? dot_B1.Plus(own.OfUser).Plus(own.OfItem).Plus(bias).squeeze(1) : dot_B1.squeeze(1); // cosine: of unit vectors
        }

        Tensor joined = product is null ? y! : y is null ? product : cat([product, y], dim: 1);
        Tensor logits_B1 = bias.addmm(joined, head.t());
        if (biases is { } there) logits_B1 = logits_B1.Plus(there.OfUser).Plus(there.OfItem);
        return logits_B1.squeeze(1);
    }

    private Tensor Mlp(Tensor y, IReadOnlyList<Tensor?>? dropout)
    {
        if (dropout?[0] is { } inputMask) y = y * inputMask;
        for (int l = 0; l < layers.Length; l++)
        {
            y = layers[l].Bias.addmm(y, layers[l].Weight.t()).relu();
            if (dropout?[l + 1] is { } mask) y = y * mask;
        }

        return y;
    }
}
