using System.Text;
using NcfSpark.Core;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>A small log in a file, of users of two tastes, so that whole runs take a second or two.</summary>
internal static class SmallLog
{
    /// <summary>Writes a CSV file with a header user_id,item_id,timestamp.</summary>
    public static string Write(string directory, int users = 60, int items = 40, long seed = 1)
    {
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, "log.csv");
        RandomStream stream = RandomStream.Named(seed, "small log");
        var text = new StringBuilder("user_id,item_id,timestamp\n");
        for (int user = 0; user < users; user++)
        {
            for (int item = user % 2; item < items; item += 2)
            {
                long place = (long)user * items + item;
                if (stream.Unit(place) < 0.7) text.Append($"{user},{item},{1_500_000_000 + stream.Below(place + 1_000_000, 1_000_000)}\n");
            }
        }

        File.WriteAllText(path, text.ToString());
        return path;
    }

    /// <summary>Settings for that log over those of conf/ml-latest-small.json.</summary>
    public static string[] Settings(string log) =>
    [
        "--config", "conf/ml-latest-small.json",
        "--set", $"Input:Path={log}", "--set", "Input:UserColumn=user_id", "--set", "Input:ItemColumn=item_id", "--set", "Input:TitlesPath=",
        "--set", "Input:RatingColumn=",
        "--set", "Prepare:Holdout=3", "--set", "Prepare:Validation=true", "--set", "Train:Patience=3", "--set", "Train:Epochs=6",
        "--set", "Train:BatchSize=1024",
        "--set", "Train:CheckpointMinutes=0.001", "--set", $"Nightly:Night={RunDirectory.Night}",
    ];
}
