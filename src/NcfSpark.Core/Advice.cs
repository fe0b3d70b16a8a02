namespace NcfSpark.Core;

/// <summary>
/// Commands of this program in messages. Each can be pasted as it stands: it begins with the name by which the program was called, and words that
/// a shell would take apart are quoted.
/// </summary>
public static class Advice
{
    /// <summary>The environment variable in which submit.sh says by what name it was called.</summary>
    public const string Variable = "NCFSPARK_COMMAND";

    /// <summary>The program as it was called: "./submit.sh", "/srv/ncfspark/submit.sh".</summary>
    public static string Program { get; } = Quoted(Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } called ? called : "./submit.sh");

    /// <summary>A command line of this program, such as "./submit.sh status --run 'my runs/shop'".</summary>
    public static string Command(params IEnumerable<string> words) => $"{Program} {string.Join(' ', words.Select(Quoted))}";

    /// <summary>A word as a shell reads it back: as it stands, or within single quotes.</summary>
    public static string Quoted(string word) => word.Length > 0 && word.All(IsPlain) && word[0] != '='
        ? word
        : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'"; // no quote stands within single quotes

    private static bool IsPlain(char letter) => char.IsLetterOrDigit(letter) || "_@%+=:,./-".Contains(letter, StringComparison.Ordinal);
}
