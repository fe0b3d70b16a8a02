using NcfSpark.Core;
using NcfSpark.Reporting;

namespace NcfSpark.EndToEnd.Tests.Nights;

/// <summary>Logs cut from ml-latest-small by time: a night's log holds what was known then and no more.</summary>
internal sealed class MovieLensNights
{
    private const string Header = "userId,movieId,rating,timestamp";
    private readonly string[] lines; // by time
    private readonly int nights;
    private readonly string path;

    /// <param name="nights">How many nights the second half of the log is dealt out to.</param>
    public MovieLensNights(string directory, int nights)
    {
        (this.nights, path) = (nights, Path.Combine(Directory.CreateDirectory(directory).FullName, "ratings.csv"));
        lines = [.. File.ReadLines(Path.Combine(NcfSparkProcess.Repository, "tests/data/ml-latest-small/ratings.csv")).Skip(1).OrderBy(TimeOf)];
    }

    /// <summary>A model that is small and beats popularity, in a second or two a night.</summary>
    public string[] Settings =>
    [
        "--config", "conf/ml-latest-small-good.json", "--set", $"Input:Path={path}", "--set", "Input:TitlesPath=", "--set", "Prepare:TestCandidates=0",
        "--set", "Model:EmbeddingSize=32",
        "--set", "Train:Epochs=10", "--set", "Evaluate:BootstrapSamples=200", "--set", "Evaluate:ExampleUsers=0", "--set", "Nightly:Keep=4",
    ];

    /// <summary>The log as it was in a night, from 1.</summary>
    public void Write(int night) => Write(KnownIn(night));

    /// <summary>The log without its rows.</summary>
    public void WriteEmpty() => Write([]);

    /// <summary>Every second row of it, as when one of two files did not arrive.</summary>
    public void WriteHalf(int night) => Write(KnownIn(night).Where((_, row) => row % 2 == 0));

    /// <summary>The log with its items shuffled among its rows: every count is as it was, and nobody's taste is left.</summary>
    public void WritePoisoned(int night)
    {
        string[][] rows = [.. KnownIn(night).Select(line => line.Split(','))];
        string[] items = [.. rows.Select(row => row[1])];
        RandomStream.Named(night, "poison").Shuffle<string>(items);
        Write(rows.Select((row, place) => $"{row[0]},{items[place]},{row[2]},{row[3]}"));
    }

    // To the end of a second.
    private IEnumerable<string> KnownIn(int night)
    {
        int known = lines.Length / 2 + (int)((long)night * (lines.Length - lines.Length / 2) / nights);
        while (known < lines.Length && TimeOf(lines[known]) == TimeOf(lines[known - 1])) known++;
        return lines.Take(known);
    }

    private static long TimeOf(string line) => long.Parse(line.Split(',')[3]);

    private void Write(IEnumerable<string> rows) => File.WriteAllLines(path, rows.Prepend(Header));
}
