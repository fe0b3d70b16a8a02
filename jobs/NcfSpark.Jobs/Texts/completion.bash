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
