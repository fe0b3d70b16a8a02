namespace NcfSpark.Kernels;

/// <summary>The items that a user is not given, rising. Asked from several threads, several times for a user.</summary>
/// <param name="user">The user's index.</param>
public delegate ReadOnlySpan<int> ExcludedItems(int user);
