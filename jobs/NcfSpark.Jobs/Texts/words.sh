# $1…: the words between the program and the one that is completed.
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
