#!/usr/bin/env bash
# build/package.sh DOTNET BUILD [FILE]: what `./submit.sh package` runs once the program is built.
#
# Writes an archive that runs every verb on a Linux like this one without .NET. It unpacks to
#
#   ncfspark/submit.sh              starts the program; LICENSE and the pages for people lie beside it
#   ncfspark/app/                   the program with the native libraries of its packages
#   ncfspark/dotnet/                the .NET runtime that the program runs on here, laid out as an installation
#   ncfspark/conf/, tests/data/     the configurations, and the log that those of MovieLens ml-latest-small read
#
# Equal content gives equal bytes: names are sorted, times, owners and modes are fixed.
set -euo pipefail
dotnet=$1 build=$2 file=${3:-}
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

fail() {
  printf '%s\n' "$@" >&2
  exit 2
}

case $(uname -m) in
x86_64) rid=linux-x64 ;;
*) fail "An archive is made for this machine's processor, and libtorch's package has Linux only for x86_64; this is $(uname -m)." ;;
esac
file=${file:-ncfspark-$rid.tar.gz}
[[ $file == *.tar.gz || $file == *.tgz ]] || fail "The archive is a .tar.gz, such as ncfspark-$rid.tar.gz; the name given is $file."
[[ ! -d $file && -d $(dirname -- "$file") && -w $(dirname -- "$file") ]] || fail "$file cannot be written: its folder is not there, or not yours."

# The newest runtime that the program may run on, with ASP.NET, by which training's server speaks.
home=$(dirname -- "$(readlink -f -- "$dotnet")")
version=$(find "$home/shared/Microsoft.AspNetCore.App" -mindepth 1 -maxdepth 1 -name '10.*' -printf '%f\n' | sort -V | tail -n 1)
[[ -n $version && -d $home/shared/Microsoft.NETCore.App/$version && -d $home/host/fxr/$version ]] ||
  fail "$home has no .NET runtime 10 with ASP.NET in the layout of an installation. Install the SDK from https://dotnet.microsoft.com/download/dotnet/10.0."

stage=$(mktemp -d)
trap 'rm -rf -- "$stage" "$file.tmp"' EXIT
top=$stage/ncfspark
mkdir -p -- "$top/conf" "$top/jobs" "$top/tests/data" "$top/dotnet/host/fxr" "$top"/dotnet/shared/Microsoft.{NETCore,AspNetCore}.App
# Links, which tar follows: nothing of 700 MB is copied.
cp -rs -- "$build" "$top/app"
ln -s -- "$root"/{LICENSE,THIRD-PARTY-NOTICES.md,README.md,SECURITY.md} "$top"
ln -s -- "$root"/conf/* "$top/conf"
ln -s -- "$root/jobs/README.md" "$root/jobs/NcfSpark.Jobs/Texts/help.txt" "$top/jobs"
ln -s -- "$root/tests/data/ml-latest-small" "$top/tests/data"
ln -s -- "$home/dotnet" "$top/dotnet"
for notice in LICENSE.txt ThirdPartyNotices.txt; do
  [[ ! -f $home/$notice ]] || ln -s -- "$home/$notice" "$top/dotnet"
done
ln -s -- "$home/host/fxr/$version" "$top/dotnet/host/fxr"
for framework in Microsoft.NETCore.App Microsoft.AspNetCore.App; do
  ln -s -- "$home/shared/$framework/$version" "$top/dotnet/shared/$framework"
done
# Other systems' libraries, documentation of packages for compilers, and what only submit.sh and builds need.
find "$top/app/runtimes" -mindepth 1 -maxdepth 1 ! -name "$rid" ! -name linux ! -name unix -exec rm -rf {} + 2>/dev/null || true
find "$top/app" -maxdepth 1 -name '*.xml' ! -name 'NcfSpark.*' ! -name ncfspark.xml -delete
rm -f -- "$top/app/.in-use" "$top/app/ncfspark"

cat >"$top/submit.sh" <<'LAUNCHER'
#!/bin/sh
# Starts NcfSpark from its archive, which needs no .NET: ./submit.sh VERB …; ./submit.sh help says more.
set -eu
here=$(dirname -- "$(readlink -f -- "$0")")
case $0 in
*/*) export NCFSPARK_COMMAND="$0" ;;
*) export NCFSPARK_COMMAND="./$0" ;;
esac
case ${1-} in
package | bench)
  echo "$1 needs the sources: run it in a clone of the repository." >&2
  exit 2
  ;;
esac
if [ -x /sbin/ldconfig ] && ! /sbin/ldconfig -p | grep -q 'libssl\.so\.[13]'; then
  echo "NcfSpark needs OpenSSL 3 (libssl.so.3), and there is none here. On Debian and Ubuntu: apt install libssl3" >&2
  exit 2
fi
export DOTNET_NOLOGO=1
exec "$here/dotnet/dotnet" "$here/app/ncfspark.dll" "$@"
LAUNCHER
chmod +x -- "$top/submit.sh"

echo "packing ..." >&2
tar --create --directory "$stage" --dereference --sort=name --format=gnu --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX ncfspark |
  gzip --no-name >"$file.tmp"
mv -- "$file.tmp" "$file"
echo "$file"
