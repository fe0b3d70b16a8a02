namespace NcfSpark.Kernels;

/// <summary>
/// Computes the user's part of a score (<see cref="ScoreShape"/>). Called once for each user of a call, from several
/// threads.
/// </summary>
public interface IUserEncoder
{
    /// <summary>Writes a user's u and f_u.</summary>
    /// <param name="vector_K">Receives u.</param>
    /// <param name="first_H">Receives f_u.</param>
    /// <returns>a_u.</returns>
    float Fill(int user, Span<float> vector_K, Span<float> first_H);

    /// <summary>
    /// The same for several users at once, where an implementation can do that faster. A user's values must not depend
    /// on the other users.
    /// </summary>
    /// <param name="biases_T">Receives a_u of each.</param>
    /// <param name="vectors_TK">Receives u of each.</param>
    /// <param name="firsts_TH">Receives f_u of each.</param>
    void FillAll(ReadOnlySpan<int> users_T, Span<float> biases_T, Span<float> vectors_TK, Span<float> firsts_TH)
    {
        int k = vectors_TK.Length / users_T.Length, h = firsts_TH.Length / users_T.Length;
        for (int t = 0; t < users_T.Length; t++) biases_T[t] = Fill(users_T[t], vectors_TK.Slice(t * k, k), firsts_TH.Slice(t * h, h));
    }
}
