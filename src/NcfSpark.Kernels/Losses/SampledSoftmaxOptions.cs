namespace NcfSpark.Kernels;

/// <summary>
/// The softmax over a batch in place of a logistic loss for each sample: a positive is told from the negatives of all groups at once.
/// <code>
/// loss = w (log(e^z + Σ_n e^(z_n + shift)) - z)     z = u · q + b_i of the positive, z_n of the batch's negatives n
/// </code>
/// It does not change when a number is added to all of a user's logits, so it says nothing of b and b_u: these follow the logistic loss of the
/// group's own samples, with u · q + b_i held fixed, which keeps scores near probabilities.
/// </summary>
/// <param name="ExceptTouched">Whether a positive leaves out the negatives that its user has touched in training; otherwise it leaves out only its own item.</param>
/// <param name="Negatives">As how many a batch's negatives count: shift = log(Negatives / negatives of the batch); 0 for as many as there are.</param>
public sealed record SampledSoftmaxOptions(bool ExceptTouched, int Negatives);
