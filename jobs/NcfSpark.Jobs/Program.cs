using System.Collections;
using NcfSpark.Data;
using NcfSpark.Jobs;
using NcfSpark.Jobs.Cluster;
using NcfSpark.Jobs.Progress;

IDictionary environment = Environment.GetEnvironmentVariables();
if (args is [WorkerJob.Name]) return (int)WorkerJob.Run(environment, Console.Error, TimeProvider.System);
if (args is [WorkerTask.Verb]) return (int)WorkerTask.Run(Console.OpenStandardInput(), Console.Out, Console.Error, TimeProvider.System);
if (args is [ScoreTask.Verb, var settings, var model]) return (int)ScoreTask.Run(settings, model, Console.OpenStandardInput(), Console.OpenStandardOutput(), Console.Error);
if (LogFormat.IsJson(environment) is not { } json)
{
    Console.Error.WriteLine($"The environment variable {LogFormat.Variable} is \"{environment[LogFormat.Variable]}\", and can be \"text\" or \"json\".");
    return (int)ExitCode.InvalidInput;
}

TextWriter error = json ? new JsonLines(Console.Error, TimeProvider.System) : Console.Error;
IProgressReporter progress = error is JsonLines lines ? new JsonProgress(lines, TimeProvider.System) : ConsoleProgress.For(error, TimeProvider.System);
if (args is [WorkerArchiveCommand.Verb, .. var rest]) return (int)WorkerArchiveCommand.Run(rest, progress, Console.Out, error);
using var signals = new StopSignals(progress);
var runner = new JobRunner(environment, progress, Console.Out, error, TimeProvider.System, signals);
return (int)CommandLine.Run(args, runner.Run, Console.Out, error);
