using NcfSpark.Core;
using NcfSpark.Nightly;

namespace NcfSpark.Jobs;

/// <summary>Prints what the night in production recommends to a user, or the items like an item. It needs no configuration and writes nothing.</summary>
internal static class ShowJob
{
    public const string Name = "show";

    private const string SageMakerModel = "/opt/ml/model";

    /// <param name="user">The user's id; null where an item is asked for.</param>
    /// <param name="item">The item's id; null where a user is asked for.</param>
    /// <param name="runDirectory">The run directory; null: the only one below runs/.</param>
    public static void Run(string? user, string? item, string? runDirectory, TextWriter output)
    {
        if (user is null == item is null) throw new InvalidInputException(
            $"Name a user, as in `{Advice.Command(Name, "42")}`, or an item, as in `{Advice.Command(Name, "--item", "296")}`.");
        using var run = RunPlace.Look(runDirectory ?? OnlyRun());
        using var lists = ProductionLists.Open(run.Directory);
        foreach (string line in user is not null ? lists.OfUser(user) : lists.LikeItem(item!)) output.WriteLine(line);
    }

    /// <summary>The only run directory below runs/; in a container of SageMaker the model that it unpacked.</summary>
    /// <exception cref="InvalidInputException">There are none, or several.</exception>
    public static string OnlyRun()
    {
        if (Directory.Exists(SageMakerModel)) return SageMakerModel;
        string[] runs = Directory.Exists("runs") ? [.. Directory.GetDirectories("runs").Order(StringComparer.Ordinal)] : [];
        return runs.Length == 1
            ? runs[0]
            : throw new InvalidInputException($"Which run? Name it by --run.{(runs.Length == 0 ? "" : $" There are {string.Join(", ", runs)}.")}");
    }
}
