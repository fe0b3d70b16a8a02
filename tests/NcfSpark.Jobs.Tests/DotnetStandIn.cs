namespace NcfSpark.Jobs.Tests;

/// <summary>
/// A script in place of dotnet. It notes what it is asked to build and does what is awkward of MSBuild: it writes over its last
/// result in place, makes links to it, and passes over a source that is older.
/// </summary>
internal static class DotnetStandIn
{
    public const string Script = """
        #!/bin/bash
        home=$(dirname "$(readlink -f "$0")")
        if [[ $1 == --list-sdks ]]; then echo "9.0.100 [/x]"; exit; fi
        if [[ $1 == build ]]; then
          echo "$2" >>"$home/built"
          anew=
          for word in "${@:3}"; do
            [[ $word == -p:* || $word == --no-incremental ]] && echo "$word" >>"$home/built"
            [[ $word == --no-incremental ]] && anew=1
            [[ ${last:-} == --artifacts-path ]] && work=$word
            last=$word
          done
          mkdir -p "$work/obj" "$work/bin/${2##*/}/release"
          if mv "$home/slow" "$home/building" 2>/dev/null; then while [[ -f $home/building ]]; do sleep 0.05; done; fi
          for word; do [[ $word == -flp:LogFile=* ]] && { log=${word#*=}; cat "$home/steps" >>"${log%%;*}" 2>/dev/null; }; done
          sleep "${BUILD_SECONDS:-0}"
          if [[ -f $home/broken ]]; then echo "Program.cs(1,1): error CS0001: broken"; exit 1; fi
          if [[ $anew || ! -f $work/obj/dll || src/A/A.cs -nt $work/obj/dll ]]; then
            if [[ -f $home/killed ]]; then rm "$home/killed"; echo half >"$work/obj/dll"; kill -9 $$; fi
            cat src/A/A.cs >"$work/obj/dll"
          fi
          for name in ncfspark NcfSpark.Benchmarks; do cp -lf "$work/obj/dll" "$work/bin/${2##*/}/release/$name.dll"; done
          [[ -f $home/edit ]] && mv "$home/edit" src/A/A.cs
          exit 0
        fi
        echo "in $PWD"
        for word; do echo "<$word>"; done
        if [[ $2 == leaves-a-worker ]]; then
          bash -c 'while [[ -f $HOLD ]]; do sleep 0.05; done' >/dev/null 2>&1 &
          exit 3
        fi
        while [[ -f ${HOLD:-} ]]; do sleep 0.05; done
        exit 3
        """;
}
