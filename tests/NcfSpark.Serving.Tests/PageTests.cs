using System.Text.Json;
using System.Text.Json.Nodes;
using NcfSpark.Core;
using NcfSpark.Evaluation;
using NcfSpark.Evaluation.Tests.Reporting;
using NcfSpark.Nightly;

namespace NcfSpark.Serving.Tests;

/// <summary>
/// The page at / in Chromium, as somebody uses it by keyboard. Skipped where there is no Chromium. With NCFSPARK_PICTURES=DIR the pictures that the layout is
/// checked on are kept there, to be looked at.
/// </summary>
[Collection(SampleRuns.Name)]
public sealed class PageTests : IClassFixture<Chromium>, IDisposable
{
    private readonly HistoryRun history;
    private readonly Chromium chromium;

    public PageTests(HistoryRun history, Chromium chromium)
    {
        (this.history, this.chromium) = (history, chromium);
        history.Nights.PutInProduction(SampleRun.Second);
        foreach ((string night, double value) in new[] { (SampleRun.First, 0.1), (SampleRun.Second, 0.125) })
        {
            RunHistory.Append(history.Nights, new NightRecord
            {
                Night = night, Started = DateTimeOffset.UnixEpoch, Ended = DateTimeOffset.UnixEpoch, Outcome = NightOutcome.Production, Production = night,
                Reason = $"It beats popularity <i>{new string('x', 90)}</i>.", Seconds = new(StringComparer.Ordinal) { ["model"] = 12.3 },
                Figures = new NightFigures(
                    "ndcg@10", 60, new MetricInterval(value, value - 0.01, value + 0.01), new MetricInterval(0.05, 0.04, 0.06), null, null, null),
            });
        }
    }

    public void Dispose() => File.Delete(history.Nights.HistoryPath);

    [SkippableFact]
    public async Task SomebodyFindsAUserByKeyboardAndGoesFromItemToItem()
    {
        await using ServingHost host = history.Serve();
        using var client = new Client(host);
        Open(host);
        Search("10");
        chromium.WaitUntil("document.querySelector('#answer .found') !== null");
        Assert.Equal("A#user=10", chromium.Text("(e => e.tagName + e.getAttribute('href'))(document.querySelector('#answer .found a'))"));
        chromium.Ask("document.querySelector('#answer .found a').focus()");
        chromium.Press("Enter");
        chromium.WaitUntil("document.querySelector('#answer h2')?.textContent === 'User 10'");
        Assert.Equal("User 10", chromium.Text("document.activeElement.textContent")); // a screen reader goes on from there
        Assert.Equal(history.Written(SampleRun.Second)["10"].Select(row => row.Item), Items(".person ol"));
        Assert.NotEmpty(Items(".person ul"));
        JsonElement user = await client.GetAsync("/v1/users/10");
        foreach (JsonElement item in user.GetProperty("recommendations").EnumerateArray())
        {
            double[] near = [.. item.GetProperty("because").EnumerateArray().Select(one => one.GetProperty("cosine").GetDouble())];
            Assert.Equal(near.OrderDescending(), near);
            string[] used = [.. user.GetProperty("history").EnumerateArray().Select(one => one.GetProperty("item_id").GetString()!)];
            Assert.All(item.GetProperty("because").EnumerateArray(), one => Assert.Contains(one.GetProperty("item_id").GetString(), used));
        }

        chromium.Ask("document.querySelector('.person ol a').click()");
        chromium.WaitUntil("document.querySelector('#answer .person p')?.textContent.startsWith('Used') === true");
        string shown = chromium.Text("decodeURIComponent(location.hash.slice(6))");
        Assert.Equal((await client.GetAsync($"/v1/items/{shown}/similar?k=20")).GetProperty("similar").EnumerateArray()
            .Select(one => one.GetProperty("item_id").ToString()), Items(".person ol"));
        chromium.Ask("history.back()");
        chromium.WaitUntil("document.querySelector('#answer h2')?.textContent === 'User 10'");
    }

    [SkippableFact]
    public async Task TheListOfAnotherNightStandsBesideThatOfProduction()
    {
        await using ServingHost host = history.Serve();
        Open(host, "#user=10");
        chromium.WaitUntil("document.getElementById('other') !== null");
        Choose("other", SampleRun.First);
        chromium.WaitUntil("document.querySelectorAll('.person .sides').length === 2 && document.querySelectorAll('.person .sides')[1].children.length === 2");
        string[] before = [.. history.Written(SampleRun.First)["10"].Select(row => row.Item)];
        string[] now = [.. history.Written(SampleRun.Second)["10"].Select(row => row.Item)];
        Assert.Equal(now, Items(".person .sides:last-child > div:first-child"));
        Assert.Equal(before, Items(".person .sides:last-child > div:last-child"));
        Assert.Equal(before.Except(now).Count() + now.Except(before).Count(), (int)chromium.Ask("document.querySelectorAll('.person .new').length")!);
    }

    [SkippableFact]
    public async Task TheNightsStandInATableAndAnyTwoSideBySide()
    {
        await using ServingHost host = history.Serve();
        Open(host);
        chromium.WaitUntil("document.querySelectorAll('#all tbody tr').length === 2");
        Assert.Contains($"{SampleRun.Second} in production", chromium.Text("document.querySelector('#all tbody th').textContent"), StringComparison.Ordinal);
        const string Figures = "[...document.querySelectorAll('#pair tbody tr')][1].textContent";
        Assert.Contains("0.1000 (0.0900–0.1100)0.1250 (0.1150–0.1350)+0.0250", chromium.Text(Figures), StringComparison.Ordinal);
        Choose("second", SampleRun.First);
        Choose("first", SampleRun.Second);
        Assert.EndsWith("−0.0250", chromium.Text(Figures), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task TitlesAreTextAndNoOtherScriptRuns()
    {
        await using ServingHost host = history.Serve();
        Open(host);
        Search("<B>heat");
        chromium.WaitUntil("document.querySelector('#answer .found') !== null");
        Assert.Equal($"{HistoryRun.TitleOf(0)} 1", chromium.Text("document.querySelector('#answer .found a').textContent"));
        Assert.Equal(0, (int)chromium.Ask("document.querySelectorAll('#answer b, #answer script').length")!);
        chromium.Ask("(s => { s.textContent = 'document.title = 1'; document.body.append(s); })(document.createElement('script'))");
        Assert.StartsWith("Search: ", chromium.Text("document.title"), StringComparison.Ordinal);
        Search("nothing like it");
        chromium.WaitUntil("document.querySelector('#answer p')?.textContent.startsWith('Nothing has that id') === true");
        Open(host, "#user=%E0%A4%A");
        chromium.WaitUntil("document.querySelector('#answer .error')?.textContent.includes('knows no user') === true");
    }

    [SkippableFact]
    public async Task WhereThereIsATokenThePageAsksForIt()
    {
        await using ServingHost host = history.Serve(
            SampleRun.Options with { Address = "127.0.0.1" }, environment: new System.Collections.Hashtable { [BearerToken.Variable] = "secret" });
        Open(host, wait: "!document.getElementById('token').hidden");
        chromium.Ask("document.getElementById('token-text').focus()");
        chromium.Type("secret");
        chromium.Press("Enter");
        chromium.WaitUntil("document.getElementById('state').textContent.includes('60 users, 40 items') && document.getElementById('token').hidden");
        chromium.Ask("sessionStorage.clear()");
    }

    [SkippableTheory]
    [InlineData(1280, false)]
    [InlineData(768, true)]
    [InlineData(360, false)]
    [InlineData(360, true)]
    public async Task NothingIsCutOffAndEveryControlHasAName(int width, bool dark)
    {
        await using ServingHost host = history.Serve();
        foreach ((string name, string hash, string wait) in new[]
        {
            ("user", "#user=10", "#other"), ("item", "#item=4", ".person p"), ("search", "#search=1", ".found"),
            ("unknown", "#user=nobody" + new string('y', 80), ".error"),
        })
        {
            Open(host, hash, width, dark, $"document.querySelector('#answer {wait}') !== null");
            if (name == "user")
            {
                Choose("other", SampleRun.First);
                chromium.WaitUntil("document.querySelectorAll('.person .sides')[1].children.length === 2");
            }

            if (Environment.GetEnvironmentVariable("NCFSPARK_PICTURES") is { Length: > 0 } pictures)
            {
                File.WriteAllBytes(Path.Combine(pictures, $"page-{name}-{width}-{(dark ? "dark" : "light")}.png"), chromium.Picture());
            }

            JsonNode faults = chromium.Ask("""
                (() => {
                    const found = [], says = element => `${element.tagName} ${element.className} ${element.textContent.slice(0, 60)}`;
                    if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
                    for (const element of document.querySelectorAll("body *")) {
                        const frame = element.closest(".scroll"), place = element.getBoundingClientRect();
                        if (frame && frame !== element) continue; // it scrolls within its frame
                        if (place.width > 0 && (place.right > innerWidth + 1 || place.left < -1)) found.push(`to ${place.right}: ${says(element)}`);
                        if (!frame && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1 && !element.closest("select, input")) {
                            found.push(`${element.scrollWidth} in ${element.clientWidth}: ${says(element)}`);
                        }
                    }
                    for (const control of document.querySelectorAll("input, select")) if (!control.labels.length) found.push(`no label: ${control.id}`);
                    for (const control of document.querySelectorAll("a, button")) if (!control.textContent.trim()) found.push(`no name: ${says(control)}`);
                    for (const control of document.querySelectorAll("input, select, button")) {
                        const height = control.getBoundingClientRect().height;
                        if (height > 0 && height < 40) found.push(`${height} high: ${says(control)}`);
                    }
                    return found;
                })()
                """)!;
            Assert.True(faults.AsArray().Count == 0, $"{name}: {string.Join('\n', faults.AsArray())}");
        }
    }

    private void Open(ServingHost host, string hash = "", int width = 1280, bool dark = false,
        string wait = "document.getElementById('state').textContent.includes('60 users, 40 items')")
    {
        chromium.Open("about:blank"); // else another part of the same page is no new load
        chromium.Open($"{host.Addresses.Single()}/{hash}", width, dark);
        chromium.WaitUntil(wait);
    }

    private void Search(string text)
    {
        chromium.Ask("(input => { input.value = ''; input.focus(); })(document.getElementById('text'))");
        chromium.Type(text);
        chromium.Press("Enter");
    }

    private void Choose(string select, string night) => chromium.Ask(
        $"(select => {{ select.value = '{night}'; select.dispatchEvent(new Event('change', {{ bubbles: true }})); }})(document.getElementById('{select}'))");

    private IEnumerable<string> Items(string list) =>
        [.. chromium.Ask($"[...document.querySelectorAll('{list} li > :first-child a')].map(a => decodeURIComponent(a.hash.slice(6)))")!.AsArray()
            .Select(item => item!.GetValue<string>())];
}
