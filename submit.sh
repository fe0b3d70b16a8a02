#!/usr/bin/env bash
# Starts NcfSpark: ./submit.sh VERB …, or ./submit.sh bench NAME … for a benchmark; ./submit.sh --help says more.
# Builds what is not built, and passes the rest through. It holds no settings: those are in conf/.
set -euo pipefail

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
project=jobs/NcfSpark.Jobs
assembly=ncfspark
if [[ ${1:-} == bench ]]; then
  shift
  project=tests/NcfSpark.Benchmarks
  assembly=NcfSpark.Benchmarks
fi
program=$root/$project/bin/Release/net10.0/$assembly.dll
stamp=$root/obj/$assembly.built # the sources, with their times, that the program was built from
flags=()
case " $* " in
*" --engine microsoft-spark "* | *" --engine=microsoft-spark "*) flags=(-p:MicrosoftSpark=true) ;; # not in every package feed: built in where asked for
esac
cure="Install it from https://dotnet.microsoft.com/download/dotnet/10.0 (in ~/.dotnet it is found, too), then give the same command again."

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Versions of the SDKs of a dotnet, one a line. To look beside it is quick; to ask it always works.
sdks_of() {
  local home
  home=$(dirname -- "$(readlink -f -- "$1")")
  if [[ -d $home/sdk ]]; then ls -- "$home/sdk"; else "$1" --list-sdks | cut -d' ' -f1; fi
}

find_dotnet() {
  local candidate path version older=
  for candidate in dotnet "${DOTNET_ROOT:-/usr/share/dotnet}/dotnet" "${HOME:-}/.dotnet/dotnet" /usr/share/dotnet/dotnet /usr/lib/dotnet/dotnet; do
    path=$(command -v -- "$candidate") || continue
    for version in $(sdks_of "$path"); do
      [[ $version =~ ^([0-9]+)\. ]] || continue
      if ((BASH_REMATCH[1] >= 10)); then
        dotnet=$path
        return
      fi
      older+=" $version"
    done
  done
  [[ -z $older ]] || fail "NcfSpark needs the .NET SDK 10 or newer; here there is only$older." "$cure"
  fail "NcfSpark needs the .NET SDK 10 or newer, and there is none here." "$cure"
}

sources() ( # a subshell: the caller's folder stays
  cd -- "$root"
  find src jobs build "$project" ./*.props ./*.targets global.json .editorconfig BannedSymbols.txt \
    \( -name bin -o -name obj \) -prune -o -type f -printf '%p %T@ %s\n' | sort
  echo "${flags[@]-}"
)

is_built() {
  [[ -f $program && -f $stamp ]] && cmp -s -- "$stamp" <(sources)
}

# Of two that start at once, the second waits for the first one's build, and then finds it done.
build() {
  mkdir -p -- "$root/obj"
  exec 9>"$root/obj/build.lock"
  if ! flock -n 9; then
    echo "waiting for another build of NcfSpark ..." >&2
    flock 9
  fi
  if ! is_built; then
    if [[ -f $program ]]; then echo "building ..." >&2; else echo "building (first time: about a minute) ..." >&2; fi
    rm -f -- "$stamp"
    sources >"$stamp.new" # before the build: what is saved while it runs is built next time
    # Into a file, since compiler servers outlive the build and would hold a pipe open; 9>&- so that they do not hold the lock.
    (cd -- "$root" && "$dotnet" build "$project" -c Release -v quiet -nologo -clp:NoSummary ${flags[@]+"${flags[@]}"}) </dev/null >"$stamp.log" 2>&1 9>&- ||
      fail "$(cat -- "$stamp.log")" "NcfSpark could not be built: the errors stand above."
    mv -- "$stamp.new" "$stamp"
  fi
  exec 9>&-
}

find_dotnet
is_built || build
exec "$dotnet" "$program" "$@"
