using System.Diagnostics;
using NcfSpark.Configuration;

namespace NcfSpark.EndToEnd.Tests.Faults;

/// <summary>
/// A disk that fails at any operation (open, write, flush, rename, mkdir, unlink, …), with ENOSPC, EROFS, EACCES or
/// EIO, once or from then on, under any verb: the exit code is 2 where somebody has to change something and 1 for EIO
/// (see ExitCode), or 0 where what failed was of no consequence; no stack is printed; the message names a file; what
/// was in production is what it was, and what is in production is whole; and the same command again succeeds, with the
/// same result as if nothing had been.
/// </summary>
[Trait("Category", "Slow")]
public sealed class FaultTests
{
    // NCFSPARK_TEST_FAULTS says otherwise, and NCFSPARK_TEST_FAULTS_SEED repeats a failure.
    private static readonly bool InCi = Environment.GetEnvironmentVariable("CI") is { Length: > 0 };
    private static readonly string Trials = Environment.GetEnvironmentVariable("NCFSPARK_TEST_FAULTS") ?? "200";
    private static readonly string Seed = Environment.GetEnvironmentVariable("NCFSPARK_TEST_FAULTS_SEED") ?? "1";

    [SkippableFact]
    public void WhateverOperationFailsNothingIsSpoiltAndTheNextRunSucceeds()
    {
        string folder = Directory.CreateTempSubdirectory("ncfspark-faults-").FullName;
        try
        {
            string library = Path.Combine(folder, "faults.so");
            string? absent = Compile(library);
            if (absent is not null && InCi)
            {
                Assert.Fail($"The fault-injection test compiles a small library, and cannot: {absent} Install a C compiler (apt install gcc libc6-dev).");
            }

            Skip.If(absent is not null, "Needs a C compiler: apt install gcc libc6-dev.");

            var start = new ProcessStartInfo("dotnet", [typeof(FaultTests).Assembly.Location, folder, library, Trials, Seed])
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["LD_PRELOAD"] = library;
            using Process host = Process.Start(start)!;
            Task<string> output = host.StandardOutput.ReadToEndAsync(), error = host.StandardError.ReadToEndAsync();
            bool ended = host.WaitForExit(TimeSpan.FromMinutes(60)); // only a hang meets it
            if (!ended) host.Kill(entireProcessTree: true);
            string said = output.GetAwaiter().GetResult() + error.GetAwaiter().GetResult();
            Assert.True(ended && host.ExitCode == 0, $"{(ended ? $"exit code {host.ExitCode}" : "it hangs")}, seed {Seed}:\n{said}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Null where it went well, else why not.
    private static string? Compile(string library)
    {
        if (!OperatingSystem.IsLinux()) return "it is made for Linux.";
        try
        {
            string source = Path.Combine(NcfSparkProcess.Repository, "tests", "NcfSpark.EndToEnd.Tests", "Faults", "faults.c");
            using Process compiler = NcfSparkProcess.Start("cc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]);
            Task<string> output = compiler.StandardOutput.ReadToEndAsync();
            string error = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            return compiler.ExitCode == 0 ? null : $"cc says: {error.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception none)
        {
            return $"cc: {none.Message}.";
        }
    }
}
