using NcfSpark.Configuration;
using NcfSpark.Jobs.Verbs;

namespace NcfSpark.Jobs;

/// <summary>The texts of --help. What they say of settings comes from the records of settings and their XML documentation.</summary>
internal static class Help
{
    private const int Width = 110;

    public const string Usage = "./submit.sh VERB --config conf/NAME.json [--run DIR] [--set Section:Key=value]...";
    private const string InitUsage = "./submit.sh init LOG [--config conf/NAME.json] [--tune MINUTES]";
    private const string SettingsUsage = "./submit.sh settings [SECTION | --of RUN]";

    public static void WriteAll(TextWriter output)
    {
        output.WriteLine($"""
            NcfSpark turns a log of interactions (who used what, when) into a Neural Collaborative Filtering recommender
            and writes its recommendations for every user. One configuration file describes a run; each verb below reads what
            the one before it wrote into the run directory.

            Usage
              {Usage}

            Verbs, in order
            """);
        foreach (Verb verb in Verb.All)
        {
            output.WriteLine($"  {verb.Name,-10}{verb.Summary}");
            output.WriteLine($"            reads {verb.Reads}; writes {verb.Writes}");
        }

        output.WriteLine("""

            Options
              --config, -c  the configuration file, such as one of those in conf/: what it leaves out has its default
              --input, -i   of nightly and tune: a log to look at, instead of a configuration
              --tune        with --input: minutes to search for the kind of model and its settings, before the first night
              --run, -r     the run directory, in which the directories above stand (default: runs/NAME)
              --set, -s     one setting instead of the file's; may be repeated, the last one counts
                            (--set Train:Epochs=5, --set Model:MlpLayers=[32,16]). The environment can do the same
                            (NCFSPARK_Train__Epochs=5); it wins over the file, and --set wins over it.
              --master URL  of prepare, score and nightly: a Spark is started for it and stopped after it (prepare --help)
              --remote URL  the same with a Spark Connect server that runs: sc://host:15002
              NCFSPARK_LOG=json in the environment makes standard error JSON lines, for collectors of logs
              --help, -h    this; after a verb, what the verb does, and the settings that are changed most
              --version     the version

            Examples
              ./submit.sh nightly --input clicks.csv                        your own log: looks at it, and chooses the settings
              ./submit.sh nightly --config conf/ml-latest-small-good.json   MovieLens, which is here
              ./submit.sh train --help

            Beside the verbs
              init LOG             looks at a log and writes a configuration for it, conf/NAME.json (init --help)
              show USER            prints a user's latest items and recommendations; show --item ITEM: items like one
              settings [SECTION]   prints the reference of all settings: type, range, default, meaning (settings --help)
              settings --of RUN    prints the settings that a run was made with, as a configuration file
              worker-archive FILE  packs this program, with its .NET, for images of Spark's executors

            Exit codes
              0  done
              1  anything that is not one of the others, such as a disk that fails (EIO)
              2  the input, the configuration, the command line or the place to write to is at fault (a full or read-only
                 disk, missing permissions): change that first; what was finished before is untouched
              3  a model was refused by the gate
              130, 143  stopped by Ctrl-C or SIGTERM; the same command again goes on where it was
            """);
    }

    public static void WriteVerb(TextWriter output, Verb verb)
    {
        output.WriteLine($"""
            ncfspark {verb.Name}: {verb.Summary}

            {string.Join('\n', Wrapped(verb.Description, Width))}

            Usage
              {UsageOf(verb)}

            Reads   {verb.Reads}
            Writes  {verb.Writes}
            """);
        if (verb.Often.Length > 0)
        {
            output.WriteLine("\nSettings that people change most, with their defaults, in the file or by --set:");
            foreach (string name in verb.Often) WriteShortly(output, SettingKey.Find(name)!);
        }

        output.WriteLine("\nExamples");
        foreach (string example in verb.Examples) output.WriteLine($"  ./submit.sh {verb.Name} {example}");
        if (verb.Sections.Length > 0)
        {
            string sections = $"All settings are those of {string.Join(", ", verb.Sections)}. "
                + $"`./submit.sh settings {verb.Sections[0]}` explains those of a section.";
            output.WriteLine($"\n{string.Join('\n', Wrapped(sections, Width))}");
        }

        if (verb == PrepareVerb.Verb) WriteEngines(output);
        else if (verb.RunsSql) output.WriteLine("On Spark by --master URL or --remote sc://HOST: ./submit.sh prepare --help says more.");
    }

    private static string UsageOf(Verb verb) => verb.NeedsNoConfiguration
        ? $"./submit.sh {verb.Name} [--run DIR]{(verb.TakesPort ? " [--port PORT]" : "")} [--set Section:Key=value]..."
        : Usage.Replace("VERB", verb.TakesNight ? $"{verb.Name} NIGHT" : verb.Name, StringComparison.Ordinal);

    // "Train:Epochs  10  Number of passes over the training rows; with Patience, the most."
    private static void WriteShortly(TextWriter output, SettingKey key)
    {
        string meaning = SettingDocs.Of(key);
        int end = meaning.IndexOf(". ", StringComparison.Ordinal);
        string text = $"{SettingValue.Show(key.ValueIn(new NcfSparkConfiguration()))}  {(end < 0 ? meaning : meaning[..(end + 1)])}";
        string[] lines = [.. Wrapped(text, Width - 36)];
        output.WriteLine($"  {key,-32}  {lines[0]}");
        foreach (string line in lines[1..]) output.WriteLine($"{"",36}{line}");
    }

    public static void WriteInit(TextWriter output)
    {
        output.WriteLine($"""
            ncfspark init: looks at a log and writes a configuration for it

            Usage
              {InitUsage}

            Reads LOG (a file, a folder or a glob; CSV, JSON lines or Parquet, plain or compressed) and finds out how it is laid
            out, which columns hold user, item and time, how times are written, and how large it is. It says what it took for
            what, and why; where two readings are equally likely it says which setting chooses. It writes conf/NAME.json, under
            the log's name unless --config names another file, with what it saw as comments. An existing file is left alone.
            With --tune it searches for so many minutes for the kind of model and its settings.

            Examples
              ./submit.sh init clicks.csv
              ./submit.sh init 'logs/2026-*.csv.gz' --config conf/shop.json
              ./submit.sh nightly --input clicks.csv     # does both: keeps the configuration in runs/clicks
            """);
    }

    public static void WriteShow(TextWriter output)
    {
        output.WriteLine("""
            ncfspark show: prints a user's latest items and recommendations, or the items like an item

            Usage
              ./submit.sh show USER [--run DIR]
              ./submit.sh show --item ITEM [--run DIR]

            Reads the night in production of the run directory, or, where there are no nights, the stages in it. --run may be
            left out where runs/ holds one run. Titles stand beside ids where Input:TitlesPath named a file of them. Scores of
            similar items are cosines. It needs no configuration, and changes nothing.

            Examples
              ./submit.sh show 42
              ./submit.sh show --item 296 --run runs/ml-latest-small-good
            """);
    }

    public static void WriteSettings(TextWriter output)
    {
        output.WriteLine($"""
            ncfspark settings: prints the reference of all settings, or the settings that a run was made with

            Usage
              {SettingsUsage}

            settings            every section: each setting with its type, range, default and meaning
            settings Train      one section: {string.Join(", ", SettingKey.Sections)}
            settings --of RUN   what the manifests of a run directory, or of a night in it, say: every setting with its value,
                                as a configuration file. RUN with nights in it stands for the night in production.
            Needs no configuration file, and changes nothing.
            """);
    }

    /// <summary>A section of the reference: each setting with type, range, default and meaning.</summary>
    public static void WriteSection(TextWriter output, string section)
    {
        output.WriteLine($"Section {section}: {SettingDocs.OfSection(section)}");
        foreach (SettingKey key in SettingKey.Of(section))
        {
            string value = $"{SettingRules.Describe(key)} (default {SettingValue.Show(key.ValueIn(new NcfSparkConfiguration()))})";
            string[] lines = [.. Wrapped(value, Width - $"{key}".Length - 4)];
            output.WriteLine($"\n  {key}  {lines[0]}");
            foreach (string line in lines[1..].Concat(Wrapped(SettingDocs.Of(key), Width - 6))) output.WriteLine($"      {line}");
        }
    }

    private static void WriteEngines(TextWriter output)
    {
        output.WriteLine($"""

            Where it runs its SQL, and score its tasks; the rows are the same everywhere
              (nothing)            DuckDB in the process
              --master URL         a Spark is started for it with spark-submit, and stopped whatever happens: 'local[*]',
                                   spark://host:7077, yarn, k8s://https://host:6443. Spark is found by SPARK_HOME or the PATH
              --remote sc://HOST   a Spark Connect server that runs, 3.5 to 4.3 (sc://host:15002/;use_ssl=true). Its token is given
                                   as ;token=... or, off the command line, in SPARK_CONNECT_AUTHENTICATE_TOKEN
              --engine NAME        {string.Join(", ", EngineArguments.Names)}. Mostly the two above say it.
                                   microsoft-spark is for Spark 3.5, and by NCFSPARK_MICROSOFT_SPARK_VERSION=2.4.0 in the
                                   environment for 4.0; in a program that spark-submit started it is the default
            With --master these go to spark-submit as they are; each may be repeated:
            """);
        foreach (string line in Wrapped(string.Join(' ', EngineArguments.PassedThrough), Width - 2)) output.WriteLine($"  {line}");
        output.WriteLine("""
            With executors on other machines the run directory, and input files without a scheme, must lie on storage that they share.
            Input:Path then also names what Spark reads: hdfs://..., s3a://..., or table:NAME.
            """);
    }

    private static IEnumerable<string> Wrapped(string text, int width)
    {
        string line = "";
        foreach (string word in text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        yield return line;
    }
}
