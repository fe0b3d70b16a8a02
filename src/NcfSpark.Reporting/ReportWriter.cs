using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using NcfSpark.Core;

namespace NcfSpark.Reporting;

/// <summary>
/// Writes what was measured, and from that the page. The figures are a stage's and stay as they are; the page beside
/// the stage is drawn from them, and may be drawn again whenever something else that it shows has changed: titles,
/// other nights.
/// </summary>
public static class ReportWriter
{
    public const string JsonName = "report.json", FiguresName = "page.json", NetworkName = "network.svg", PageName = "report.html";

    private static readonly JsonSerializerOptions Json = new()
    {
        IgnoreReadOnlyProperties = true, // they are computed from the others
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, // a loss may be NaN
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes report.json (all figures), page.json (what the page is drawn from) and network.svg (the network's drawing alone).</summary>
    /// <param name="directory">A directory that is there.</param>
    public static void Write(string directory, ReportInput input)
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        File.WriteAllText(Path.Combine(directory, JsonName), ReportJson.Of(input).ToJsonString(ReportJson.Options) + "\n", utf8);
        File.WriteAllBytes(Path.Combine(directory, FiguresName), JsonSerializer.SerializeToUtf8Bytes(input, Json));
        File.WriteAllText(Path.Combine(directory, NetworkName), NetworkDrawing.File(input.Model.Network), utf8);
    }

    /// <summary>The page. It needs nothing else; a night's lists beside it can be searched from it.</summary>
    /// <param name="directory">Where <see cref="Write"/> wrote.</param>
    /// <param name="titles">Titles by the item's id as text; an item without one is shown by its id.</param>
    /// <param name="night">What only the run history knows of a night; null outside one.</param>
    /// <param name="further">Sections before those of the report; those without a body are left out.</param>
    /// <exception cref="InvalidInputException">page.json is not there or cannot be read: another version wrote the directory.</exception>
    public static string Page(string directory, IReadOnlyDictionary<string, string> titles, ReportNight? night = null,
        params (string Id, string Title, Html Body)[] further)
    {
        string path = Path.Combine(directory, FiguresName);
        try
        {
            ReportInput input = JsonSerializer.Deserialize<ReportInput>(File.ReadAllBytes(path), Json) ?? throw new JsonException("it is empty");
            return ReportPage.Of(input with { Examples = [.. input.Examples.Select(user => user.WithTitles(titles))] }, night, further);
        }
        catch (Exception cause) when (cause is JsonException or FileNotFoundException)
        {
            throw new InvalidInputException($"{path} cannot be read: {cause.Message} Run `evaluate` again (or `nightly`).", cause);
        }
    }
}
