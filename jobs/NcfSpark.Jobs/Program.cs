using NcfSpark.Data;
using NcfSpark.Jobs;
using NcfSpark.Jobs.Cluster;
using NcfSpark.Jobs.Progress;

if (args is [WorkerJob.Name]) return (int)WorkerJob.Run(Environment.GetEnvironmentVariables(), Console.Error, TimeProvider.System);
if (args is [WorkerTask.Verb]) return (int)WorkerTask.Run(Console.In, Console.Out, Console.Error, TimeProvider.System);
if (args is [ScoreTask.Verb, var settings]) return (int)ScoreTask.Run(settings, Console.OpenStandardInput(), Console.OpenStandardOutput(), Console.Error);

IProgressReporter progress = ConsoleProgress.For(Console.Error, TimeProvider.System);
if (args is [WorkerArchiveCommand.Verb, .. var rest]) return (int)WorkerArchiveCommand.Run(rest, progress, Console.Out, Console.Error);
using var signals = new StopSignals(progress);
var runner = new JobRunner(Environment.GetEnvironmentVariables(), progress, Console.Out, Console.Error, TimeProvider.System, signals);
return (int)CommandLine.Run(args, runner.Run, Console.Out, Console.Error);
