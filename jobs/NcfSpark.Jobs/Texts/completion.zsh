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
