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

    // $1…: the words between the program and the one that is completed.
    private const string Words = """
        _ncfspark_words() {
          local verb=${1-} before= run= word
          for word; do
            case $before in
            --run | -r) run=$word ;;
            --config | -c) run=${run:-runs/$(basename -- "$word" .json)} ;;
            esac
            before=$word
          done
          case $before in
          --config | -c) find conf -maxdepth 1 -name '*.json' 2>/dev/null ;;
          --run | -r | --of) find runs -mindepth 1 -maxdepth 1 -type d 2>/dev/null ;;
          --set | -s) printf '%s\n' SETTINGS ;;
          --engine) printf '%s\n' ENGINES ;;
          --input | -i | init) ;;
          *)
            [[ $verb != promote ]] || find "${run:-runs}" -maxdepth 2 -type d -name '[0-9]*-*-*' 2>/dev/null | sed 's|.*/||'
            case $verb in
            '') printf '%s\n' VERBS ;;
            VERBWORDS
            esac
            ;;
          esac
        }
        """;

    private const string Bash = """
        # Completion of NcfSpark for bash: source <(./submit.sh completion bash)
        WORDS
        _ncfspark() {
          local line=${COMP_LINE:0:COMP_POINT} now= breaks=${COMP_WORDBREAKS//[^=:]/} IFS=$' \t\n'
          local -a words
          read -ra words <<<"$line"
          [[ $line == *' ' ]] || { now=${words[-1]}; unset 'words[-1]'; }
          IFS=$'\n'
          COMPREPLY=($(compgen -W "$(_ncfspark_words "${words[@]:1}")" -- "$now"))
          [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
          [[ -z $breaks ]] || COMPREPLY=("${COMPREPLY[@]#"${now%"${now##*[$breaks]}"}"}") # bash replaces only what follows the last of them
        }
        complete -o default -F _ncfspark submit.sh ncfspark
        """;

    private const string Zsh = """
        # Completion of NcfSpark for zsh: source <(./submit.sh completion zsh), after compinit
        WORDS
        _ncfspark() {
          local -a found
          found=("${(@f)$(_ncfspark_words "${(@)words[2,CURRENT-1]}")}")
          found=(${found:#})
          compadd -S '' -- ${(M)found:#*=}
          compadd -- ${found:#*=} || _files
        }
        compdef _ncfspark submit.sh ncfspark
        """;

    public static void Write(TextWriter output, RootCommand root, string shell)
    {
        string words = Words
            .Replace("SETTINGS", Quoted(SettingKey.All.Select(key => $"{key}=")), StringComparison.Ordinal)
            .Replace("ENGINES", Quoted(EngineArguments.Names), StringComparison.Ordinal)
            .Replace("VERBWORDS", string.Join("\n    ", root.Subcommands.Select(WordsOf)), StringComparison.Ordinal)
            .Replace("VERBS", Quoted(CommandLine.Verbs(root)), StringComparison.Ordinal);
        output.WriteLine((shell == "bash" ? Bash : Zsh).Replace("WORDS", words, StringComparison.Ordinal));

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
