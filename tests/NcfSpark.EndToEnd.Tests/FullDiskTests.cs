using System.Diagnostics;
using NcfSpark.Configuration;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>A disk that fills up in the middle: a file system in memory of the size that is wanted, in a namespace of the test's own.</summary>
[Trait("Category", "Slow")]
public sealed class FullDiskTests
{
    private const string Script = """
        mount -t tmpfs -o size="$1" tmpfs "$2" || exit 77
        shift 2
        run="$1"
        shift
        dotnet "$@" --run "$run"
        code=$?
        for stage in prepared model report predictions; do
          [ ! -e "$run"/*/$stage ] || echo "whole: $stage $(test -f "$run"/*/$stage/manifest.json && echo yes)"
        done
        exit $code
        """;

    [SkippableTheory]
    [InlineData("48k", "whole: prepared")] // too little for prepare
    [InlineData("400k", "whole: model")]   // enough for it, too little for the model
    public void AFullDiskIsSaidAndNothingHalfWrittenIsLeft(string size, string absent)
    {
        string directory = Directory.CreateTempSubdirectory("ncfspark-").FullName;
        try
        {
            string log = SmallLog.Write(Path.Combine(directory, "log")), disk = Directory.CreateDirectory(Path.Combine(directory, "disk")).FullName;
            using Process process = NcfSparkProcess.Start("unshare", ["-rm", "sh", "-c", Script, "sh", size, disk, Path.Combine(disk, "run"),
                Path.Combine(AppContext.BaseDirectory, "ncfspark.dll"), "nightly", .. SmallLog.Settings(log), "--set", "Model:EmbeddingSize=256"]);
            Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
            process.WaitForExit();
            string said = output.GetAwaiter().GetResult() + error.GetAwaiter().GetResult();
            Skip.If(process.ExitCode is 77 or 1 && said.Contains("unshare", StringComparison.Ordinal),
                "Needs to mount a file system: run as root, or allow user namespaces.");
            Assert.True(process.ExitCode == 2, $"exit code {process.ExitCode}: {said}");
            Assert.Contains("disk", said, StringComparison.Ordinal);
            Assert.Contains("--run", said, StringComparison.Ordinal);
            Assert.DoesNotContain(absent, said, StringComparison.Ordinal);
            Assert.Equal(said.Split("whole: ").Length, said.Split(" yes").Length); // what is there is whole
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
