using NcfSpark.Data;
using NcfSpark.Jobs;
using NcfSpark.Jobs.Progress;

if (args is [WorkerJob.Name]) return (int)WorkerJob.Run(Environment.GetEnvironmentVariables(), Console.Error, TimeProvider.System);

IProgressReporter progress = ConsoleProgress.For(Console.Error, TimeProvider.System);
using var signals = new StopSignals(progress);
var runner = new JobRunner(Environment.GetEnvironmentVariables(), progress, Console.Out, Console.Error, TimeProvider.System, signals);
return (int)CommandLine.Run(args, runner.Run, Console.Out, Console.Error);
