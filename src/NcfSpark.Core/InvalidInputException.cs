namespace NcfSpark.Core;

/// <summary>
/// The input or the configuration is at fault, not the program: exit code 2. The message is written for the person who has to mend it:
/// what is wrong, where (file, line, column, setting), and what to do. Nothing was written when it is thrown.
/// </summary>
public sealed class InvalidInputException : Exception
{
    public InvalidInputException(string message)
        : base(message)
    {
    }

    public InvalidInputException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
