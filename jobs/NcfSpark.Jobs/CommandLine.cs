using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using NcfSpark.Cluster;
using NcfSpark.Configuration;
using NcfSpark.Core;
using NcfSpark.Jobs.Verbs;

namespace NcfSpark.Jobs;

/// <summary>VERB --config conf/NAME.json [--run DIR] [--set Section:Key=value]…, or one of the others that help.txt lists.</summary>
internal static class CommandLine
{
    /// <summary>Parses the command line and runs its verb, or writes help, or says what is wrong with it.</summary>
    public static ExitCode Run(string[] args, Func<Verb, JobArguments, ExitCode> run, IProgressReporter progress, TextWriter output, TextWriter error)
    {
        RootCommand root = Grammar(run, progress, output, error);
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (Fault(root, parsed) is not { } fault)
        {
            return (ExitCode)parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }

        Command command = parsed.CommandResult.Command;
        if (command == root && parsed.UnmatchedTokens.Count == 0) Help.WriteAll(error);
        error.WriteLine(command == root ? fault : $"{fault}\n`{Advice.Command(command.Name, "--help")}` says more.");
        return ExitCode.InvalidInput;
    }

    /// <summary>Everything that may stand first on the command line. Program and submit.sh take the last three before they come here.</summary>
    public static IEnumerable<string> Verbs(RootCommand root) =>
        [.. root.Subcommands.Select(command => command.Name), WorkerArchiveCommand.Verb, "package", "bench"];

    private static RootCommand Grammar(Func<Verb, JobArguments, ExitCode> run, IProgressReporter progress, TextWriter output, TextWriter error)
    {
        var root = new RootCommand();
        foreach (Verb verb in Verb.All)
        {
            var config = new Option<string>("--config", "-c");
            var runDirectory = new Option<string>("--run", "-r");
            var set = new Option<string[]>("--set", "-s");
            var command = new Command(verb.Name, verb.Summary) { config, runDirectory, set };
            Func<ParseResult, EngineArguments> engine = verb.RunsSql ? AddEngineOptions(command) : _ => EngineArguments.None;
            var night = new Argument<string?>("NIGHT") { Arity = ArgumentArity.ZeroOrOne };
            if (verb.TakesNight) command.Add(night);
            var log = new Option<string?>("--input", "-i");
            var tune = new Option<string?>("--tune");
            if (verb.TakesLog)
            {
                command.Add(log);
                command.Add(tune);
            }

            var port = new Option<int?>("--port", "-p");
            if (verb.TakesPort) command.Add(port);
            var shown = new Option<string?>("--shown");
            if (verb.TakesShown) command.Add(shown);
            JobArguments ArgumentsOf(ParseResult parsed)
            {
                string[] given = parsed.GetValue(set) ?? [];
                string? minutes = verb.TakesLog ? parsed.GetValue(tune) : null;
                if (!string.IsNullOrWhiteSpace(minutes)) given = [.. given, $"Tune:BudgetMinutes={minutes}"];
                if (verb.TakesNight && parsed.GetValue(night) is { } name) given = [.. given, $"Nightly:Night={name}"];
                if (verb.TakesPort && parsed.GetValue(port) is { } number) given = [.. given, $"Serve:Port={number}"];
                if (verb.TakesShown && parsed.GetValue(shown) is { } seen) given = [.. given, $"Evaluate:ShownPath={seen}"];
                return new JobArguments(parsed.GetValue(config), parsed.GetValue(runDirectory), given)
                {
                    Engine = engine(parsed),
                    Log = verb.TakesLog ? parsed.GetValue(log) : null,
                    Tune = minutes,
                };
            }

            command.SetAction(parsed => (int)run(verb, ArgumentsOf(parsed)));
            root.Add(command);
        }

        var inspected = new Argument<string>("LOG");
        Option<string?> target = new("--config", "-c"), tuned = new("--tune");
        var init = new Command(InitJob.Name) { inspected, target, tuned };
        init.SetAction(parsed =>
        {
            (string of, string? file, string? minutes) = (parsed.GetValue(inspected)!, parsed.GetValue(target), parsed.GetValue(tuned));
            if (minutes is null) return (int)Failure.CodeOf(InitJob.Name, () => InitJob.Run(of, file, progress, output), error);
            var search = new JobArguments(null, null, [$"Tune:BudgetMinutes={minutes}"]) { Log = of, Tune = minutes };
            return (int)InitJob.RunTuned(of, file, () => run(TuneVerb.Verb, search), output, error);
        });
        root.Add(init);
        var user = new Argument<string?>("USER") { Arity = ArgumentArity.ZeroOrOne };
        Option<string?> item = new("--item"), shownRun = new("--run", "-r");
        var show = new Command(ShowJob.Name) { user, item, shownRun };
        show.SetAction(parsed =>
            (int)Failure.CodeOf(
                ShowJob.Name, () => ShowJob.Run(parsed.GetValue(user), parsed.GetValue(item), parsed.GetValue(shownRun), output), error));
        root.Add(show);
        Option<string?> format = new("--format", "-f"), exportedRun = new("--run", "-r"), exportedTo = new("--out", "-o");
        var export = new Command(ExportJob.Name) { format, exportedRun, exportedTo };
        export.SetAction(parsed => (int)Failure.CodeOf(
            ExportJob.Name, () => ExportJob.Run(parsed.GetValue(format), parsed.GetValue(exportedRun), parsed.GetValue(exportedTo), output), error));
        root.Add(export);
        var section = new Argument<string?>("SECTION") { Arity = ArgumentArity.ZeroOrOne };
        var of = new Option<string?>("--of");
        var settings = new Command(SettingsJob.Name) { section, of };
        settings.SetAction(parsed => (int)Failure.CodeOf(
            SettingsJob.Name, () => SettingsJob.Run(parsed.GetValue(section), parsed.GetValue(of), output), error));
        root.Add(settings);
        AddHelp(root, output, error);
        root.Options.OfType<HelpOption>().Single().Action = new TeachingHelp();
        root.Options.OfType<VersionOption>().Single().Action = new TellVersion();
        return root;
    }

    private static void AddHelp(RootCommand root, TextWriter output, TextWriter error)
    {
        var verb = new Argument<string?>("VERB") { Arity = ArgumentArity.ZeroOrOne };
        var help = new Command("help") { verb };
        help.SetAction(parsed =>
        {
            string? name = parsed.GetValue(verb);
            if (name is null || Verbs(root).Contains(name))
            {
                Help.WriteOf(output, name);
                return (int)ExitCode.Done;
            }

            error.WriteLine(NoSuch(name, "verb", Verbs(root)));
            return (int)ExitCode.InvalidInput;
        });
        var version = new Command("version") { Action = new TellVersion() };
        var shell = new Argument<string>("SHELL").AcceptOnlyFromAmong(Completion.Shells);
        var completion = new Command("completion") { shell };
        completion.SetAction(parsed => Completion.Write(output, root, parsed.GetValue(shell)!));
        foreach (Command command in new[] { help, version, completion }) root.Add(command);
    }

    private static Func<ParseResult, EngineArguments> AddEngineOptions(Command command)
    {
        Option<string> engine = new("--engine"), master = new("--master"), remote = new("--remote");
        Option<string[]>[] passedThrough = Array.ConvertAll(EngineArguments.PassedThrough, name => new Option<string[]>(name));
        foreach (Option option in new Option[] { engine, master, remote }.Concat(passedThrough)) command.Add(option);
        return parsed => new EngineArguments(
            parsed.GetValue(engine),
            parsed.GetValue(master),
            parsed.GetValue(remote),
            [.. passedThrough.SelectMany(option => (parsed.GetValue(option) ?? []).SelectMany(value => new[] { option.Name, value }))]);
    }

    private static string? Fault(RootCommand root, ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens is [string token, ..])
        {
            if (command != root && token.EndsWith(".json", StringComparison.OrdinalIgnoreCase)) return $"{token} stands alone: write --config {token}";
            (string kind, IEnumerable<string> known) = command == root
                ? ("verb", Verbs(root))
                : ($"option of {command.Name}", command.Options.Select(option => option.Name));
            return NoSuch(token, kind, known);
        }

        if (parsed.Errors.Count == 0 || parsed.Action is TeachingHelp) return null; // help asks for no arguments
        return command == root
            ? "Which verb?"
            : string.Join('\n', parsed.Errors.Select(error => error.Message.ReplaceLineEndings(" ").Replace("\t", "", StringComparison.Ordinal)));
    }

    private static string NoSuch(string name, string kind, IEnumerable<string> known) =>
        $"{name} is no {kind}; {(NearestName.Of(name, known) is { } meant ? $"did you mean {meant}?" : $"there are {string.Join(", ", known)}")}";

    private sealed class TellVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            string version = typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
            parseResult.InvocationConfiguration.Output.WriteLine($"ncfspark {version}"); // 1.0.0+COMMIT
            return 0;
        }
    }

    private sealed class TeachingHelp : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            Help.WriteOf(parseResult.InvocationConfiguration.Output, parseResult.CommandResult.Command.Name);
            return 0;
        }
    }
}
