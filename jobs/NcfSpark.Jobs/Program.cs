using System.Collections;
using NcfSpark.Cluster;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Jobs;
using NcfSpark.Jobs.Progress;

IDictionary environment = Environment.GetEnvironmentVariables();
ConsoleText output = new(Console.Out), messages = new(Console.Error);
if (args is [WorkerJob.Name]) return (int)WorkerJob.Run(environment, messages, TimeProvider.System);
if (args is [WorkerTask.Verb]) return (int)WorkerTask.Run(Console.OpenStandardInput(), Console.Out, messages, TimeProvider.System);
if (args is [ScoreTask.Verb, var settings, var model])
{
    return (int)ScoreTask.Run(settings, model, Console.OpenStandardInput(), Console.OpenStandardOutput(), messages);
}

if (LogFormat.IsJson(environment) is not { } json)
{
    messages.WriteLine($"The environment variable {LogFormat.Variable} is \"{environment[LogFormat.Variable]}\", and can be \"text\" or \"json\".");
    return (int)ExitCode.InvalidInput;
}

TextWriter error = json ? new JsonLines(messages, TimeProvider.System) : messages;
IProgressReporter progress = error is JsonLines lines ? new JsonProgress(lines, TimeProvider.System) : ConsoleProgress.For(error, TimeProvider.System);
if (args is [WorkerArchiveCommand.Verb, .. var rest]) return (int)WorkerArchiveCommand.Run(rest, progress, output, error);
using var signals = new StopSignals(progress);
var runner = new JobRunner(environment, progress, output, error, TimeProvider.System, signals);
ExitCode code = CommandLine.Run(args, runner.Run, progress, output, error);
if (output.Failure is { } lost) error.WriteLine($"Standard output could not be written, so lines of it are lost: {lost.Message}");
return (int)code;
