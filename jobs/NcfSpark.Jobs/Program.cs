using NcfSpark.Data;
using NcfSpark.Jobs;
using NcfSpark.Jobs.Progress;

IProgressReporter progress = ConsoleProgress.For(Console.Error, TimeProvider.System);
using var signals = new StopSignals(progress);
var runner = new JobRunner(Environment.GetEnvironmentVariables(), progress, Console.Out, Console.Error, TimeProvider.System, signals);
return (int)CommandLine.Run(args, runner.Run, Console.Out, Console.Error);
