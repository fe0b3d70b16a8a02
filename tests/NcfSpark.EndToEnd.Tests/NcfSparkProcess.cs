using System.Diagnostics;
using NcfSpark.Configuration;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>The program as a user starts it: another process, from the root of the repository.</summary>
internal static class NcfSparkProcess
{
    public static readonly string Assembly = Path.Combine(AppContext.BaseDirectory, "ncfspark.dll");

    public static string Repository { get; } = FindRepository();

    /// <summary>Runs to the end.</summary>
    public static (int ExitCode, string Output, string Error) Run(params string[] arguments)
    {
        using Process process = Start(arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>Runs to the end, which must be a good one.</summary>
    public static string RunWell(params string[] arguments)
    {
        (int exitCode, string output, string error) = Run(arguments);
        Assert.True(exitCode == 0, $"exit code {exitCode} of {string.Join(' ', arguments)}:\n{output}\n{error}");
        return output;
    }

    public static Process Start(params string[] arguments) => Start("dotnet", [Assembly, .. arguments]);

    public static Process Start(string program, string[] arguments, string? directory = null) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = directory ?? Repository,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static string FindRepository()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "NcfSpark.sln"))) directory = Path.GetDirectoryName(directory);
        return directory ?? throw new InvalidOperationException("The tests must run from within the repository.");
    }
}
