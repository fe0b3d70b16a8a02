using System.Diagnostics;
using System.Net;
using System.Text.Json;
using NcfSpark.Core;

namespace NcfSpark.EndToEnd.Tests;

/// <summary>`serve` as somebody starts it: another process, ended by a signal.</summary>
[Trait("Category", "Slow")]
public sealed class ServeTests
{
    /// <summary>A night that goes into production is served within seconds; SIGTERM lets a request in flight end well, and the exit code is 0.</summary>
    [Fact]
    public async Task ItFollowsProductionAndEndsWellBySigterm()
    {
        using var run = new RunDirectory();
        string[] settings = [.. SmallLog.Settings(SmallLog.Write(Path.GetDirectoryName(run.Path)!)), "--run", run.Path, "--set", "Nightly:Gate=false"];
        NcfSparkProcess.RunWell(["nightly", .. settings]);
        using Process process = NcfSparkProcess.Start("serve", "--run", run.Path, "--port", "0");
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync();
            string first = await process.StandardOutput.ReadLineAsync() ?? await error;
            Assert.StartsWith($"serving {RunDirectory.Night} of {run.Path} at http://127.0.0.1:", first, StringComparison.Ordinal);
            Task<string> log = process.StandardOutput.ReadToEndAsync();
            using var client = new HttpClient { BaseAddress = new Uri(first.Split(' ')[^1]) };
            Assert.Equal(RunDirectory.Night, await NightAsync(client));

            NcfSparkProcess.RunWell(["nightly", .. settings, "--set", "Nightly:Night=2026-11-02", "--set", "Train:Seed=2"]);
            Assert.Equal("2026-11-02", new RunNights(run.Path).Production);
            while (await NightAsync(client) != "2026-11-02") await Task.Delay(100);

            // Half of a body has come when it is told to end.
            using var socket = new System.Net.Sockets.TcpClient(client.BaseAddress.Host, client.BaseAddress.Port);
            const string Body = """{"items": [1]}""";
            await socket.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(
                $"POST /v1/recommendations HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {Body.Length}\r\n\r\n{Body[..5]}"));
            while (!(await client.GetStringAsync("/metrics")).Contains("requests_in_flight 2\n", StringComparison.Ordinal)) await Task.Delay(20);
            OwnProcesses.Signal("TERM", process.Id);
            while (await IsReadyAsync(client)) await Task.Delay(20);
            await socket.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(Body[5..]));
            using var reader = new StreamReader(socket.GetStream());
            Assert.StartsWith("HTTP/1.1 200", await reader.ReadToEndAsync(), StringComparison.Ordinal);
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, await error);
            Assert.DoesNotContain("/users/1/", await log, StringComparison.Ordinal);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    [Fact]
    public void WhatCannotBeServedIsToldBeforeAnything()
    {
        (int exitCode, _, string error) = NcfSparkProcess.Run("serve", "--run", "/nowhere/run");
        Assert.Equal(2, exitCode);
        Assert.Contains("/nowhere/run is not there: name a run directory by --run.", error, StringComparison.Ordinal);
        (exitCode, _, error) = NcfSparkProcess.Run("serve", "--run", "/nowhere/run", "--set", "Serve:Prot=1");
        Assert.Equal(2, exitCode);
        Assert.Contains("did you mean Serve:Port", error, StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<bool> IsReadyAsync(HttpClient client)
    {
        try
        {
            using HttpResponseMessage answer = await client.GetAsync("/readyz");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // it listens no longer
        }
    }

    private static async Task<string> NightAsync(HttpClient client)
    {
        using HttpResponseMessage answer = await client.GetAsync("/v1/users/1/recommendations");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync()).GetProperty("night").GetString()!;
    }
}
