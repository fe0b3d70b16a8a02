using NcfSpark.Configuration;
using NcfSpark.Jobs.Verbs;

namespace NcfSpark.Jobs;

/// <summary>The texts of --help. What they say of settings comes from the records of settings and their XML documentation.</summary>
internal static class Help
{
    private const int Width = 110;

    private const string Usage = "./submit.sh VERB --config conf/NAME.json [--run DIR] [--set Section:Key=value]...";
    private const string SettingsUsage = "./submit.sh settings [SECTION | --of RUN]";

    /// <summary>The help of everything: help.txt, which submit.sh also prints where nothing is built yet.</summary>
    public static void WriteAll(TextWriter output) => output.Write(Text("help.txt"));

    /// <summary>The help of one command of the command line; that of everything for null, and for what needs no more.</summary>
    public static void WriteOf(TextWriter output, string? name)
    {
        if (Verb.All.FirstOrDefault(verb => verb.Name == name) is { } verb) WriteVerb(output, verb);
        else if (name == SettingsJob.Name) WriteSettings(output);
        else output.Write(Text($"{name}.txt") ?? Text("help.txt"));
    }

    /// <summary>A file of the folder Texts; null where there is none of the name.</summary>
    public static string? Text(string file)
    {
        using Stream? text = typeof(Help).Assembly.GetManifestResourceStream(file);
        if (text is null) return null;
        using var reader = new StreamReader(text);
        return reader.ReadToEnd();
    }

    private static void WriteVerb(TextWriter output, Verb verb)
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

    private static string UsageOf(Verb verb)
    {
        string usage = Usage.Replace("VERB", verb.TakesNight ? $"{verb.Name} NIGHT" : verb.Name, StringComparison.Ordinal);
        if (!verb.NeedsNoConfiguration) return usage;
        string run = verb.TakesPort ? "[--run DIR] [--port PORT]" : "[--run DIR | --config conf/NAME.json]";
        return usage.Replace("--config conf/NAME.json [--run DIR]", run, StringComparison.Ordinal);
    }

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

    private static void WriteSettings(TextWriter output)
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
