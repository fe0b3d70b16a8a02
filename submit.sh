#!/usr/bin/env bash
# Starts NcfSpark: ./submit.sh VERB …, or ./submit.sh bench NAME … for a benchmark; ./submit.sh help says more.
# Builds what is not built, and passes the rest through. It holds no settings: those are in conf/.
#
#   obj/builds/PROGRAM/STAMP/     a finished build, named by a hash of its sources and flags. Its files are never written again. A process that runs it
#                                 holds a lock on its file .in-use, and so do the processes that this one starts; it is removed when nobody does.
#   obj/builds/work.FLAGS.…/      where MSBuild works. Nothing runs from there. Without its file .whole a build was killed there, and it is not used again.
#   obj/builds/lock               held while somebody builds or removes
set -euo pipefail

# The first file that a program opens takes the place of a closed descriptor, and its messages would go there.
{ true <&0; } 2>/dev/null || exec </dev/null
{ true >&1; } 2>/dev/null || exec >/dev/null
true >&2 || exec 2>/dev/null

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
builds=$root/obj/builds
project=jobs/NcfSpark.Jobs
assembly=ncfspark
if [[ ${1:-} == bench ]]; then
  shift
  project=tests/NcfSpark.Benchmarks
  assembly=NcfSpark.Benchmarks
fi
export NCFSPARK_COMMAND=$0 # by which the program names itself in advice
[[ $0 == */* ]] || NCFSPARK_COMMAND=./$0
case $* in help | --help | -h) # before anything is built
  cat -- "$root/jobs/NcfSpark.Jobs/Texts/help.txt"
  exit
  ;;
esac
cure="Install it from https://dotnet.microsoft.com/download/dotnet/10.0 (in ~/.dotnet it is found, too), then give the same command again."

fail() {
  printf '%s\n' "$@" >&2
  exit "${code:-1}"
}

# Microsoft.Spark is not in every package feed: it is built in where it is asked for, or where its spark-submit started this.
flags=()
flavour=plain
case "${DOTNETBACKEND_PORT:+ --engine microsoft-spark} $* " in
*" --engine microsoft-spark "* | *" --engine=microsoft-spark "*)
  flags=(-p:MicrosoftSpark=true)
  flavour=microsoft-spark
  version=${NCFSPARK_MICROSOFT_SPARK_VERSION:-}
  if [[ -n $version ]]; then
    [[ $version =~ ^[0-9A-Za-z][0-9A-Za-z.+-]*$ ]] || code=2 fail "NCFSPARK_MICROSOFT_SPARK_VERSION is \"$version\", which is no version of the package Microsoft.Spark, such as 2.3.1."
    flags+=("-p:MicrosoftSparkVersion=$version")
    flavour+=-$version
  fi
  ;;
esac

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

# Reads what the program is built from, and says by it where the build lies. Hashes of contents: times may go back (git, rsync), and tell nothing.
look() {
  sources=$(
    echo "${flags[@]-}"
    cd -- "$root" && find src jobs build "$project" ./*.props ./*.targets global.json .editorconfig BannedSymbols.txt \
      \( -name bin -o -name obj -o -name '.*.sw?' -o -name '.#*' -o -name '*~' \) -prune -o -type f -print0 | LC_ALL=C sort -zu | xargs -0 sha256sum --
  ) || fail "NcfSpark's sources could not be read: the errors stand above."
  local stamp
  stamp=$(sha256sum <<<"$sources")
  build=$builds/$assembly.$flavour/${stamp:0:16}
}

# Takes the build for this process and those that it starts, where it is there.
hold() {
  [[ -f $build/.in-use ]] && { exec 8<"$build/.in-use"; } 2>/dev/null || return 1
  flock -s 8
  [[ $build/.in-use -ef /dev/fd/8 ]] # else it was removed between these two lines
}

# Of two that start at once, the second waits for the first one's build, and then finds it done.
make() {
  mkdir -p -- "$builds"
  exec 9>"$builds/lock"
  if ! flock -n 9; then
    echo "waiting for another build of NcfSpark ..." >&2 || true
    flock 9
  fi
  while look && ! hold; do compile; done
  exec 9>&-
}

# Builds, and puts the result in its place, unless the sources were changed meanwhile.
compile() {
  local given=$sources how=() outcome=0 teller=
  choose_work
  [[ -f $work/.whole ]] && is_older_than_its_result && how=(--no-incremental)
  rm -f -- "$work/.whole"
  if compgen -G "$builds/$assembly.$flavour/*/.in-use" >/dev/null; then
    echo "building ..." >&2 || true # a full disk, too
  else
    echo "building; the first time it downloads packages (300 MB) and takes minutes ..." >&2 || true
    : >"$builds/steps"
    tell <"$builds/steps" 8<&- 9>&- &
    teller=$!
    how+=(-fl "-flp:LogFile=$builds/steps;Verbosity=normal;Append")
  fi
  # Into a file, since compiler servers outlive the build and would hold a pipe open; 8 and 9 closed so that they do not hold the locks.
  (cd -- "$root" && "$dotnet" build "$project" -c Release -v quiet -nologo -clp:NoSummary --artifacts-path "$work" ${how[@]+"${how[@]}"} ${flags[@]+"${flags[@]}"}) \
    </dev/null >"$builds/log" 2>&1 8<&- 9>&- || outcome=$?
  rm -f -- "$builds/steps"
  wait ${teller:+"$teller"}
  ((outcome <= 128)) || fail "The build of NcfSpark was ended by signal $((outcome - 128)) (9: out of memory?). Give the same command again."
  : >"$work/.whole"
  ((outcome == 0)) || fail "$(cat -- "$builds/log")" "NcfSpark could not be built: the errors stand above."
  cat <<<"$given" >"$work/sources"
  look
  if [[ $sources == "$given" ]]; then
    publish
    clean
  fi
}

# Says what the first build does, from MSBuild's log on standard input: a line for each package that is downloaded, and for each project. Ends when the
# log is removed, or this script is killed.
tell() {
  local line
  while [[ -f $builds/steps && -d /proc/$$ ]]; do
    while read -r line; do
      case $line in
      *GET*.nupkg) line=${line##*/} && echo "  downloading ${line%.nupkg}" ;;
      NcfSpark.*" -> "*) echo "  compiled ${line%% *}" ;;
      esac
    done
    sleep 0.2
  done >&2 2>/dev/null
}

# The folder that the last build left whole; another where it was killed, since what it was writing looks finished to MSBuild, and may still be written.
choose_work() {
  local one
  work=
  for one in "$builds/work.$flavour."*; do
    if [[ -z $work && -f $one/.whole ]]; then work=$one; else rm -rf -- "$one" || true; fi
  done
  [[ -n $work ]] || work=$(mktemp -d -- "$builds/work.$flavour.XXXXXX")
}

# MSBuild compiles what is newer than its result. A file that changed and is older (rsync -a, tar, mv) it would pass over.
is_older_than_its_result() {
  local path
  [[ -f $work/sources ]] || return 0
  while read -r _ path; do
    [[ $root/$path -nt $work/sources ]] || return 0
  done < <(grep -vxFf "$work/sources" <<<"$sources")
  return 1
}

# The large files are packages', which nobody writes to: links. MSBuild links the others, too, to where it will write the next ones: copies.
publish() {
  rm -rf -- "$build.new"
  mkdir -p -- "${build%/*}"
  mv -- "$work/bin/${project##*/}/release" "$build.new"
  find "$build.new" -type f -size -8192k -links +1 -exec bash -c 'for file; do cp -p -- "$file" "$file.own" && mv -- "$file.own" "$file" || exit; done' _ {} +
  : >"$build.new/.in-use"
  mv -- "$build.new" "$build"
}

# Builds of other sources that nobody runs: neither somebody whom this script started, nor anybody else.
clean() {
  local old
  for old in "${build%/*}"/*; do
    [[ $old != "$build" ]] || continue
    if [[ -f $old/.in-use ]]; then
      ! grep -qsF -- "$old/" /proc/[0-9]*/maps && flock -n "$old/.in-use" mv -- "$old" "$old.old" || continue
      old=$old.old
    fi
    rm -rf -- "$old" || true
  done
}

find_dotnet
look
hold || make
[[ ${1:-} != package ]] || exec "$root/build/package.sh" "$dotnet" "$build" "${@:2}"
exec "$dotnet" "$build/$assembly.dll" "$@"
