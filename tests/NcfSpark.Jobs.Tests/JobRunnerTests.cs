using System.Collections;
using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Jobs.Tests;

/// <summary>What a verb throws or returns, as the shell and the person at it see it.</summary>
[Collection(StopSignalsTests.OfThisProcess)]
public sealed class JobRunnerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly StringWriter output = new(), error = new();

    public void Dispose()
    {
        folder.Dispose();
        output.Dispose();
        error.Dispose();
    }

    [Theory]
    [InlineData(ExitCode.Done)]
    [InlineData(ExitCode.Refused)]
    public void AVerbsExitCodeIsPassedOn(ExitCode code)
    {
        Assert.Equal(code, Run(_ => code));
        Assert.Equal("", error.ToString());
    }

    [Fact]
    public void InvalidInputIsAMessageWithoutAStack()
    {
        Assert.Equal(ExitCode.InvalidInput, Run(_ => throw new InvalidInputException("log.csv, line 3: no number.")));
        Assert.Equal("log.csv, line 3: no number.\n", error.ToString().ReplaceLineEndings("\n"));
    }

    [Fact]
    public void AnythingElseIsAMessageAndAStack()
    {
        Assert.Equal(ExitCode.Failed, Run(_ => throw new InvalidOperationException("a bug")));
        Assert.StartsWith("train failed: a bug", error.ToString(), StringComparison.Ordinal);
        Assert.Contains($"at {typeof(JobRunnerTests).FullName}", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ACancellationThatNobodyAskedForIsAFailure() => Assert.Equal(ExitCode.Failed, Run(_ => throw new OperationCanceledException()));

    [Theory]
    [InlineData(28)]
    [InlineData(122)]
    [InlineData(unchecked((int)0x80070070))]
    public void AFullDiskIsCalledSoHoweverDeepItLies(int code)
    {
        var full = new IOException("No room : '/x'", code);
        Assert.Equal(ExitCode.InvalidInput, Run(_ => throw new AggregateException(new InvalidOperationException("outer", full))));
        Assert.StartsWith("The disk is full: No room : '/x'", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(30, "The file system is read-only: ", ExitCode.InvalidInput)]
    [InlineData(13, "Permission is missing: ", ExitCode.InvalidInput)]
    [InlineData(5, "The machine could not read or write a file: ", ExitCode.Failed)]
    public void AFailureOfTheMachineIsToldWithoutAStack(int errno, string says, ExitCode code)
    {
        Assert.Equal(code, Run(_ => throw new InvalidOperationException("outer", new IOException("no : '/x'", errno))));
        Assert.StartsWith($"{says}no : '/x'\nWhat was finished before is untouched. ", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5, ExitCode.Failed)]
    [InlineData(13, ExitCode.InvalidInput)]
    public void AnInputThatTheDiskCannotGiveIsNotAtFault(int errno, ExitCode code) =>
        Assert.Equal(code, Run(_ => throw new InvalidInputException("log.csv cannot be read.", new IOException("no : '/x'", errno))));

    [Fact]
    public void AnEmptyOptionIsToldInOneLine()
    {
        string config = Repository.File("conf/ml-latest-small.json");
        Assert.Equal(ExitCode.InvalidInput, Run(config, "", _ => ExitCode.Done));
        Assert.Equal("--run is empty (an unset variable?): name a directory, such as --run runs/mine, or leave --run out.\n", error.ToString());
        Assert.Equal(ExitCode.InvalidInput, Run(" ", null, _ => ExitCode.Done));
        Assert.Equal(ExitCode.InvalidInput, Run(config, null, _ => ExitCode.Done, ""));
        Assert.Contains("\n--config is empty", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("\n--set is empty", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void TheRunDirectoryIsNamedForTheConfigurationAndLockedWhileTheVerbRuns()
    {
        string config = folder.Write("mine.json", """{ "Input": { "Path": "x" }, "Train": { "Epochs": 7 } }""");
        string before = Directory.GetCurrentDirectory(), run = Path.Combine(folder.Path, "run");
        ExitCode code = Run(config, run, job =>
        {
            Assert.Equal((run, 7), (job.RunDirectory, job.Configuration.Train.Epochs));
            Assert.Throws<InvalidInputException>(() => RunLock.Take(run));
            return ExitCode.Done;
        });
        Assert.Equal((ExitCode.Done, ""), (code, error.ToString()));
        RunLock.Take(run).Dispose();
        Assert.Equal(before, Directory.GetCurrentDirectory());
    }

    [Fact]
    public void AMissingConfigurationIsAskedFor()
    {
        Assert.Equal(ExitCode.InvalidInput, Run(null, null, _ => ExitCode.Done));
        Assert.StartsWith("train needs --config conf/NAME.json.", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AWrongConfigurationMakesNoRunDirectory()
    {
        string run = Path.Combine(folder.Path, "run");
        Assert.Equal(ExitCode.InvalidInput, Run(folder.Write("mine.json", "{}"), run, _ => ExitCode.Done));
        Assert.False(Directory.Exists(run));
    }

    private ExitCode Run(Func<JobContext, ExitCode> verb) =>
        Run(Repository.File("conf/ml-latest-small.json"), Path.Combine(folder.Path, "run"), verb);

    private ExitCode Run(string? config, string? run, Func<JobContext, ExitCode> verb, params string[] set)
    {
        using var signals = new StopSignals(SilentProgress.Instance);
        var runner = new JobRunner(new Hashtable(), SilentProgress.Instance, output, error, TimeProvider.System, signals);
        return runner.Run(new Verb("train", "", "", "", "", [], verb), new JobArguments(config, run, set));
    }
}
