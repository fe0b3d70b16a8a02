namespace NcfSpark.Core;

/// <summary>
/// Directories that nobody needs any more. One that cannot be removed is in nobody's way, and its failure must not
/// stand in place of a success, or of what failed before.
/// </summary>
public static class Leftovers
{
    /// <summary>Removes a directory if it can be; else whoever writes there next does, or says why not.</summary>
    public static void TryDelete(string directory)
    {
        try
        {
            if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        }
        catch (Exception left) when (left is IOException or UnauthorizedAccessException)
        {
            // See above.
        }
    }
}
