using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace NcfSpark.Evaluation.Tests.Reporting;

/// <summary>
/// A Chromium without a window, driven over its DevTools protocol: pages are opened at a width, light or dark, and asked and clicked as a person would. One a
/// test class; skipped where there is none.
/// </summary>
public sealed class Chromium : IDisposable
{
    private static readonly string? Program = new[] { "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);

    private readonly string profile = Directory.CreateTempSubdirectory("ncfspark-chromium-").FullName;
    private Process? process;
    private ClientWebSocket? socket;
    private Task? drained;
    private string session = "";
    private int calls;
    private bool isLoaded;

    /// <summary>Opens a file as a window of this width shows it, and waits until it is loaded.</summary>
    public void Open(string path, int width = 1280, bool dark = false, bool scripts = true)
    {
        Skip.If(Program is null, "Needs Chromium: apt install chromium.");
        if (session.Length == 0) Start(Program!);
        Call("Emulation.setScriptExecutionDisabled", new() { ["value"] = !scripts });
        Call("Emulation.setDeviceMetricsOverride", new() { ["width"] = width, ["height"] = 900, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        Call("Emulation.setEmulatedMedia", new()
        {
            ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = dark ? "dark" : "light" }),
        });
        isLoaded = false;
        Call("Page.navigate", new() { ["url"] = new Uri(path).AbsoluteUri });
        while (!isLoaded) Receive();
    }

    /// <summary>The document as it stands, as markup.</summary>
    public string Markup()
    {
        JsonNode root = Call("DOM.getDocument", [])["root"]!["nodeId"]!;
        return Call("DOM.getOuterHTML", new() { ["nodeId"] = root.GetValue<int>() })["outerHTML"]!.GetValue<string>();
    }

    /// <summary>The value of an expression in the page, as JSON; a promise is awaited.</summary>
    public JsonNode? Ask(string expression)
    {
        JsonNode answer = Call("Runtime.evaluate", new() { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
        Assert.True(answer["exceptionDetails"] is null, $"{expression}: {answer["exceptionDetails"]?.ToJsonString()}");
        return answer["result"]!["value"]?.DeepClone();
    }

    public string Text(string expression) => Ask(expression)!.GetValue<string>();

    /// <summary>Waits until an expression is true. Its deadline is met only by a browser that hangs.</summary>
    public void WaitUntil(string expression)
    {
        var waited = Stopwatch.StartNew();
        while (Ask(expression)?.GetValue<bool>() != true)
        {
            Assert.True(waited.Elapsed < TimeSpan.FromMinutes(5), $"never: {expression}");
            Thread.Sleep(20);
        }
    }

    /// <summary>Presses a key, such as "Enter", where the focus is.</summary>
    public void Press(string key)
    {
        int code = key == "Enter" ? 13 : throw new ArgumentException("Only Enter is known.", nameof(key));
        foreach (string type in new[] { "keyDown", "keyUp" })
        {
            Call("Input.dispatchKeyEvent", new() { ["type"] = type, ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = code, ["text"] = "\r" });
        }
    }

    /// <summary>Types letters where the focus is.</summary>
    public void Type(string text) => Call("Input.insertText", new() { ["text"] = text });

    /// <summary>A picture of the whole page.</summary>
    public byte[] Picture() => Convert.FromBase64String(
        Call("Page.captureScreenshot", new() { ["captureBeyondViewport"] = true })["data"]!.GetValue<string>());

    /// <summary>The page on paper, as PDF.</summary>
    public byte[] Print() => Convert.FromBase64String(Call("Page.printToPDF", [])["data"]!.GetValue<string>());

    public void Dispose()
    {
        socket?.Dispose();
        if (process is not null)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            drained?.Wait();
            process.Dispose();
        }

        Directory.Delete(profile, recursive: true);
    }

    private void Start(string program)
    {
        string[] arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", $"--user-data-dir={profile}",
            "--remote-debugging-port=0", "about:blank"];
        process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        const string Told = "DevTools listening on ";
        string? line;
        do line = process.StandardError.ReadLine();
        while (line is not null && !line.StartsWith(Told, StringComparison.Ordinal));
        Assert.True(line is not null, "Chromium ended before it listened.");
        drained = Task.WhenAll(process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync()); // a full pipe would stop it
        socket = new ClientWebSocket();
        socket.ConnectAsync(new Uri(line![Told.Length..]), CancellationToken.None).GetAwaiter().GetResult();
        JsonNode page = Call("Target.getTargets", [])["targetInfos"]!.AsArray().First(target => target!["type"]!.GetValue<string>() == "page")!;
        JsonNode attached = Call("Target.attachToTarget", new() { ["targetId"] = page["targetId"]!.GetValue<string>(), ["flatten"] = true });
        session = attached["sessionId"]!.GetValue<string>();
        Call("Page.enable", []);
    }

    private JsonNode Call(string method, JsonObject parameters)
    {
        int id = ++calls;
        var call = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        if (session.Length > 0) call["sessionId"] = session;
        socket!.SendAsync(Encoding.UTF8.GetBytes(call.ToJsonString()), WebSocketMessageType.Text, true, CancellationToken.None).GetAwaiter().GetResult();
        while (true)
        {
            JsonNode message = Receive();
            if (message["id"]?.GetValue<int>() != id) continue; // an event
            Assert.True(message["error"] is null, $"{method}: {message["error"]?.ToJsonString()}");
            return message["result"]!;
        }
    }

    private JsonNode Receive()
    {
        using var whole = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        WebSocketReceiveResult part;
        do
        {
            part = socket!.ReceiveAsync(buffer, CancellationToken.None).GetAwaiter().GetResult();
            whole.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        JsonNode message = JsonNode.Parse(whole.ToArray())!;
        isLoaded |= message["method"]?.GetValue<string>() == "Page.loadEventFired";
        return message;
    }
}
