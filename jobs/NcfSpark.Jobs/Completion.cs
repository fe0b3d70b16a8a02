using System.CommandLine;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Jobs;

/// <summary>
/// The script that `completion bash|zsh` prints. Words of the grammar stand in it, so that a Tab starts no program; configurations and nights are looked
/// up where the user is.
/// </summary>
internal static class Completion
{
    public const string Name = "completion";

    public static readonly string[] Shells = ["bash", "zsh"];

    public static void Write(TextWriter output, RootCommand root, string shell)
    {
        string words = Help.Text("words.sh")!.TrimEnd()
            .Replace("SETTINGS", Quoted(SettingKey.All.Select(key => $"{key}=")), StringComparison.Ordinal)
            .Replace("ENGINES", Quoted(EngineArguments.Names), StringComparison.Ordinal)
            .Replace("VERBWORDS", string.Join("\n    ", root.Subcommands.Select(WordsOf)), StringComparison.Ordinal)
            .Replace("VERBS", Quoted(CommandLine.Verbs(root)), StringComparison.Ordinal);
        output.Write(Help.Text($"completion.{shell}")!.Replace("WORDS", words, StringComparison.Ordinal));

        // train) printf '%s\n' --config -c --run … ;;
        string WordsOf(Command command)
        {
            IEnumerable<string> values = command.Name switch
            {
                "help" => CommandLine.Verbs(root),
                Name => Shells,
                SettingsJob.Name => SettingKey.Sections,
                _ => [],
            };
            return $@"{command.Name}) printf '%s\n' {Quoted(values.Concat(command.Options.Select(option => option.Name)).Append("--help"))} ;;";
        }
    }

    private static string Quoted(IEnumerable<string> words) => string.Join(' ', words.Select(Advice.Quoted));
}
