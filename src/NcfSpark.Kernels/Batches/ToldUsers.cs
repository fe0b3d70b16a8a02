namespace NcfSpark.Kernels;

/// <summary>
/// Draws which users of a batch are told the moments that they are asked about (<see cref="AttentionShape"/>), as a function of the batch's key and
/// the user's place in the batch alone.
/// </summary>
public static class ToldUsers
{
    private const uint Key = 0x85EBCA6B; // sets these draws apart from those of negatives and of dropout

    /// <param name="share">Of the users who are told, from 0 to 1.</param>
    public static bool IsTold(ulong key, int slot, double share) => DropoutHash.Hash((uint)slot, (uint)key ^ Key, (uint)(key >> 32)) < share * (1L << 32);
}
