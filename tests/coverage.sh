#!/usr/bin/env bash
# Prints how many lines each project has, and how many of them the fast tests run in their own processes. Needs a build: `dotnet test` makes one.
set -uo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
results=$(mktemp -d)
trap 'rm -rf -- "$results"' EXIT
# Without those that start the program: a night takes six times as long when it is watched.
timeout 600 dotnet test --no-build -v quiet --filter "Category!=Slow&FullyQualifiedName!~EndToEnd" --collect "Code Coverage" --results-directory "$results" \
  </dev/null >"$results/said" 2>&1 || cat -- "$results/said"
# A line counts as run where a test of any project runs it.
find "$results" -name '*.cobertura.xml' -exec cat {} + | awk '
  function value(name) { return match($0, name "=\"[^\"]*\"") ? substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 3) : "" }
  /<class / { # of src/ and jobs/, but for what is generated
    file = value("filename")
    project = match(file, /\/(src|jobs)\/NcfSpark\.[^\/]*\//) && file !~ /\/obj\// ? substr(file, RSTART, RLENGTH - 1) : ""
    sub(/^.*\//, "", project)
  }
  /<line / && project != "" {
    line = project " " file " " value("number")
    if (!(line in seen)) { seen[line]; lines[project]++; lines["all"]++ }
    if (value("hits") > 0 && !(line in run)) { run[line]; covered[project]++; covered["all"]++ }
  }
  END { for (project in lines) printf "%-26s %6d lines %5.1f %% run by fast tests\n", project, lines[project], 100 * covered[project] / lines[project] }' | LC_ALL=C sort
