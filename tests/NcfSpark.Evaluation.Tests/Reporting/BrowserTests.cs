using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NcfSpark.Configuration;
using NcfSpark.Evaluation.Tests.Nightly;
using NcfSpark.Nightly;
using NcfSpark.Reporting;

namespace NcfSpark.Evaluation.Tests.Reporting;

/// <summary>
/// The pages as Chromium reads and draws them, and what their script does when somebody clicks and types. Skipped where there is none. With
/// NCFSPARK_PICTURES=DIR the pictures that the layout is checked on are kept there, to be looked at.
/// </summary>
public sealed class BrowserTests(Chromium chromium) : IClassFixture<Chromium>, IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("ncfspark-browser-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [SkippableFact]
    public void WithoutScriptsChromiumReadsTheNightsAsTheyAreMeant()
    {
        string page = NightsPage.Of(SampleNights.Input(directory));
        string read = Read(page);
        AssertWholeAndVisible(page, read);
        Assert.Contains("2026-11-24 failed; 2026-11-21 stays in production.", Text(read), StringComparison.Ordinal);
        Assert.Contains("All nights", Text(read), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void WithoutScriptsChromiumReadsANightsReportAsItIsMeant()
    {
        string page = ReportOf(SampleReport.Input), read = Read(page);
        AssertWholeAndVisible(page, read);
        Assert.Contains("Heat (1995)", Text(read), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void AClickSortsATableAndTheNextTheOtherWay()
    {
        chromium.Open(Write(NightsPage.Of(SampleNights.Input(directory))));
        const string Column = "[...document.querySelectorAll('#all tbody tr')].map(row => row.cells[6].textContent).join()";
        Assert.Equal("100,000,100,900,101,800,102,700,", Sorted("ascending")); // the failed night has none
        Assert.Equal("102,700,101,800,100,900,100,000,", Sorted("descending"));

        string Sorted(string direction)
        {
            const string Head = "document.querySelector('#all thead').rows[0].cells[6]";
            while ((string?)chromium.Ask($"{Head}.getAttribute('aria-sort')") != direction) chromium.Ask($"{Head}.querySelector('button').click()");
            Assert.Equal(1, (int)chromium.Ask("document.querySelectorAll('#all [aria-sort]').length")!);
            return chromium.Text(Column);
        }
    }

    [SkippableFact]
    public void EveryColumnOfEveryTableSortsAsItsValuesDoAndKeepsItsRows()
    {
        foreach (string page in new[] { ReportOf(SampleReport.WithProduction), NightsPage.Of(SampleNights.Input(directory)) })
        {
            chromium.Open(Write(page));
            JsonNode faults = chromium.Ask("""
                [...document.querySelectorAll("table:not(#compare table)")].flatMap(table => [...table.tHead.rows[0].cells].flatMap((head, column) => {
                    const button = head.querySelector("button"), rows = () => [...table.tBodies].map(body => [...body.rows].map(row => row.textContent));
                    if (!button) return [...table.tBodies].some(body => body.rows.length > 1) ? [`no button: ${head.textContent}`] : [];
                    const before = JSON.stringify(rows().map(part => part.sort()));
                    return ["", ""].flatMap(() => {
                        button.click();
                        const rising = head.getAttribute("aria-sort") === "ascending", found = [];
                        if (JSON.stringify(rows().map(part => part.sort())) !== before) found.push(`rows changed: ${head.textContent}`);
                        if (!head.classList.contains("number")) return found;
                        for (const body of table.tBodies) {
                            const values = [...body.rows].map(row => row.cells[column]).map(cell =>
                                parseFloat(cell.dataset.value ?? cell.childNodes[0]?.textContent.replace("−", "-").replaceAll(",", "")));
                            const numbers = values.filter(value => !Number.isNaN(value));
                            if (values.slice(0, numbers.length).some(Number.isNaN)) found.push(`empty before full: ${head.textContent}`);
                            if (numbers.some((value, i) => i > 0 && (rising ? value < numbers[i - 1] : value > numbers[i - 1]))) {
                                found.push(`${head.textContent}: ${numbers}`);
                            }
                        }
                        return found;
                    });
                }))
                """)!;
            Assert.Empty(faults.AsArray());
        }
    }

    [SkippableFact]
    public void AnyTwoNightsAreSetSideBySideWithTheirDifference()
    {
        chromium.Open(Write(NightsPage.Of(SampleNights.Input(directory))));
        const string Caption = "document.querySelector('#compare caption').textContent";
        Assert.Equal("2026-11-21 and 2026-11-24 side by side", chromium.Text(Caption));
        Compare("2026-11-20", "2026-11-22");
        Assert.Equal("0.1000 (0.0900–0.1100)|0.0800 (0.0700–0.0900)|−0.0200 (−20 %)", Figures("NDCG@10"));
        Assert.Equal("100,000|101,800|+1,800 (+2 %)", Figures("Interactions"));
        Assert.Equal("17.8|17.8|0.0", Figures("All stages, s"));
        Compare("2026-11-22", "2026-11-20");
        Assert.Equal("0.0800 (0.0700–0.0900)|0.1000 (0.0900–0.1100)|+0.0200 (+25 %)", Figures("NDCG@10"));
        Compare("2026-11-20", "2026-11-24");
        Assert.Equal("100,000||", Figures("Interactions")); // the failed night has none

        void Compare(string from, string to)
        {
            foreach ((string side, string night) in new[] { ("from", from), ("to", to) })
            {
                chromium.Ask($$"""
                    (select => { select.value = [...select.options].find(option => option.text === "{{night}}").value;
                        select.dispatchEvent(new Event("change", { bubbles: true })); })(document.getElementById("compare-{{side}}"))
                    """);
            }
        }

        string Figures(string name) => chromium.Text($$"""
            [...[...document.querySelectorAll("#compare tbody tr")]
                .find(row => row.cells[0].textContent === "{{name}}").cells].slice(1).map(cell => cell.textContent).join("|")
            """);
    }

    [SkippableFact]
    public void ThePageFindsAnyUserFromTheFileSystemByKeyboard()
    {
        string[] users = [.. SampleLists.HostileIds.Concat(Enumerable.Range(100, 1100).Select(id => $"{id}"))];
        SampleLists lists = SampleLists.Random(directory, users, SampleLists.HostileIds, 7).WriteNight().WriteFiles();
        chromium.Open(Write(ReportOf(SampleReport.Input), "report.html"));
        chromium.WaitUntil("document.getElementById('find-user') !== null");
        foreach (string user in SampleLists.HostileIds.Where(id => id.Trim() == id).Concat(["100", "599", "1199"]))
        {
            chromium.Ask("(input => { input.value = ''; input.focus(); })(document.getElementById('find-user'))");
            chromium.Type(user);
            chromium.Press("Enter");
            string wanted = JsonSerializer.Serialize(user);
            chromium.WaitUntil($"document.querySelector('[aria-live] h3 bdi')?.textContent === {wanted}");
            string[] best = [.. lists.Lists.Where(row => row.User == user).OrderBy(row => row.Rank).Select(row => row.Item)];
            Assert.Equal(best, chromium.Ask(Items("ol"))!.AsArray().Select(item => item!.GetValue<string>()));
            string[] past = [.. lists.Log.Where(row => row.User == user).OrderByDescending(row => row.When).Select(row => row.Item).Take(20)];
            Assert.Equal(past.Order(), chromium.Ask(Items("ul"))!.AsArray().Select(item => item!.GetValue<string>()).Order());
        }

        Assert.Equal("sample: ", chromium.Text("document.title.slice(0, 8)")); // no script of an id ran
        Assert.Equal(0, (int)chromium.Ask("document.querySelectorAll('b, [aria-live] script').length")!);

        chromium.Ask("document.getElementById('find-user').value = '1150x'; document.querySelector('.find').requestSubmit()");
        chromium.WaitUntil("document.querySelector('[aria-live] p') !== null");
        string told = chromium.Text("document.querySelector('[aria-live] p').textContent");
        Assert.StartsWith("There is no such user. Ids near it: ", told, StringComparison.Ordinal);
        chromium.Ask("[...document.querySelectorAll('[aria-live] button')].find(button => button.textContent === '1151').click()");
        chromium.WaitUntil("document.querySelector('[aria-live] h3 bdi')?.textContent === '1151'");

        // An item's id stands in small letters after its title.
        static string Items(string list) => $$"""
            [...document.querySelectorAll("[aria-live] {{list}} bdi")].map(item => item.querySelector("small")?.textContent.slice(1) ?? item.textContent)
            """;
    }

    [SkippableFact]
    public void WithoutListsBesideItThePageHasNoSearch()
    {
        chromium.Open(Write(ReportOf(SampleReport.Input), "report.html"));
        Assert.Equal(0, (int)chromium.Ask("new Promise(done => setTimeout(() => done(document.querySelectorAll('input').length), 200))")!);
        SampleLists.Random(directory, ["a", "b", "c"], ["x"], 6).WriteNight();
        var limited = new SampleLists(directory) { Options = new NightlyOptions { SearchableUsers = 2 } };
        limited.WriteFiles();
        chromium.Open(Write(ReportOf(SampleReport.Input), "report.html"));
        chromium.WaitUntil("document.getElementById('examples').textContent.includes('./submit.sh show USER prints any of them')");
        Assert.Equal(0, (int)chromium.Ask("document.querySelectorAll('input').length")!);
    }

    [SkippableFact]
    public void NoOtherScriptRuns()
    {
        string page = ReportOf(SampleReport.Input).Replace("<main>", "<main><script>document.title = 'broken'</script>", StringComparison.Ordinal);
        chromium.Open(Write(page));
        Assert.Equal("sample: ", chromium.Text("document.title.slice(0, 8)"));
    }

    [SkippableTheory]
    [InlineData(1280, false)]
    [InlineData(768, false)]
    [InlineData(390, false)]
    [InlineData(1280, true)]
    [InlineData(768, true)]
    [InlineData(390, true)]
    public void NothingIsCutOffAndTheModelInProductionIsInSight(int width, bool dark)
    {
        SampleLists.Random(directory, [.. SampleLists.HostileIds, new string('u', 90)], [.. SampleLists.HostileIds, new string('i', 200)], 8)
            .WriteNight().WriteFiles();
        foreach ((string name, string page) in new[]
        {
            ("report", ReportOf(SampleReport.WithProduction)), ("many", ReportOf(SampleReport.WithMany)),
            ("nights", NightsPage.Of(SampleNights.Input(directory, "It " + new string('x', 120) + " beats popularity, at last."))),
        })
        {
            chromium.Open(Write(page, $"{name}.html"), width, dark);
            if (name != "nights")
            {
                chromium.WaitUntil("document.getElementById('find-user') !== null");
                chromium.Ask($"document.getElementById('find-user').value = '{new string('u', 90)}'; document.querySelector('.find').requestSubmit()");
                chromium.WaitUntil("document.querySelector('[aria-live] article') !== null");
            }

            if (Environment.GetEnvironmentVariable("NCFSPARK_PICTURES") is { Length: > 0 } pictures)
            {
                File.WriteAllBytes(Path.Combine(pictures, $"{name}-{width}-{(dark ? "dark" : "light")}.png"), chromium.Picture());
                if (width == 1280) File.WriteAllBytes(Path.Combine(pictures, $"{name}-{(dark ? "dark" : "light")}.pdf"), chromium.Print());
            }

            chromium.Ask("document.querySelectorAll('details').forEach(part => part.open = true)");
            JsonNode faults = chromium.Ask("""
                (() => {
                    const found = [], root = document.documentElement;
                    const says = element => `${element.tagName} ${element.className} ${element.textContent.slice(0, 60)}`;
                    if (root.scrollWidth > innerWidth) found.push(`the page is ${root.scrollWidth} wide`);
                    for (const element of document.querySelectorAll("body *")) {
                        const frame = element.closest(".scroll, .network-frame");
                        if (frame && frame !== element) continue; // it scrolls within its frame
                        const place = element.getBoundingClientRect();
                        if (place.width > 0 && (place.right > innerWidth + 1 || place.left < -1)) found.push(`to ${place.right}: ${says(element)}`);
                        if (!frame && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1 && !element.closest("svg, select, input")) {
                            found.push(`${element.scrollWidth} in ${element.clientWidth}: ${says(element)}`);
                        }
                    }
                    for (const text of document.querySelectorAll("svg.chart text")) {
                        const [place, frame] = [text.getBoundingClientRect(), text.closest("svg").getBoundingClientRect()];
                        if (place.left < frame.left - 1 || place.right > frame.right + 1) found.push(`chart: ${text.textContent}`);
                    }
                    for (const head of document.querySelectorAll("th")) {
                        if (!head.textContent.includes("in production")) continue;
                        const frame = head.closest(".scroll").getBoundingClientRect(), place = head.getBoundingClientRect();
                        if (place.right > frame.right + 1) found.push(`out of sight: ${head.textContent}`);
                    }
                    return found;
                })()
                """)!;
            Assert.True(faults.AsArray().Count == 0, $"{name}: {string.Join('\n', faults.AsArray())}");
        }
    }

    [SkippableFact]
    public void ChromiumDrawsThePage()
    {
        chromium.Open(Write(NightsPage.Of(SampleNights.Input(directory))));
        byte[] png = chromium.Picture();
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], png[..4]);
        Assert.True(png.Length > 50_000, $"{png.Length} bytes: an empty page of that size compresses to less than 20,000");
    }

    private string ReportOf(ReportInput input)
    {
        ItemChange riser = new("Heat (1995)", 0.1, 0.2), faller = new("Speed & Co", 0.2, 0.1);
        var changes = new ListChanges("2026-11-20", [1, 0, 5], 0.75, 2, 1, [riser], [faller]);
        return ReportPage.Of(input, NightsPage.ForReport(SampleNights.Input(directory), "2026-11-21", changes));
    }

    // A parser that had to mend the markup would have moved, closed or dropped elements.
    private static void AssertWholeAndVisible(string page, string read)
    {
        foreach (string element in new[] { "section", "table", "tr", "td", "th", "svg", "circle", "rect", "polyline", "figure", "a" })
        {
            Assert.Equal(Regex.Count(page, $"<{element}[ >]"), Regex.Count(read, $"<{element}[ >]"));
        }

        Assert.Equal(Words(page), Words(read));
    }

    private static string Words(string page) =>
        Regex.Replace(Text(Regex.Replace(page, "(?s)^.*<body>|</body>.*$|<script.*?</script>", "")), @"\s+", " ").Trim();

    private static string Text(string page) => System.Net.WebUtility.HtmlDecode(Regex.Replace(page, "<[^>]*>", ""));

    private string Write(string page, string name = "page.html")
    {
        string path = Path.Combine(directory, name);
        File.WriteAllText(path, page);
        return path;
    }

    private string Read(string page)
    {
        chromium.Open(Write(page), scripts: false);
        return chromium.Markup();
    }
}
