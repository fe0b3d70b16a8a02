namespace NcfSpark.Kernels;

/// <summary>What users bring to their pairs (<see cref="ScoreShape"/>). Asked once for each user of a call, from several threads.</summary>
public interface IUserSide
{
    /// <summary>Writes a user's u and f_u.</summary>
    /// <param name="user">The user's index.</param>
    /// <param name="vector_K">Receives u.</param>
    /// <param name="first_H">Receives f_u.</param>
    /// <returns>a_u.</returns>
    float Fill(int user, Span<float> vector_K, Span<float> first_H);
}
