using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace NcfSpark.Storage.Tests.S3;

/// <summary>
/// s3rver from npm, an S3 server that others wrote, behind a proxy that adds what it lacks: conditions of writes hold, and a write is answered when its bytes
/// can be read. It cannot list uploads that were begun, so nothing is resumed there.
/// </summary>
public sealed class S3rver : IS3Answers
{
    private const string HowToGetOne = "Needs s3rver from npm: apt install nodejs npm, and a package registry.";

    private readonly string folder = Directory.CreateTempSubdirectory("ncfspark-s3rver-").FullName;
    private readonly Process process;
    private readonly Task drained;
    private readonly HttpClient client;
    private readonly ConcurrentDictionary<string, SemaphoreSlim> keys = []; // whoever writes one holds it

    /// <summary>Starts it, installed before where it is not. Without npm a test is skipped; in CI it fails.</summary>
    public S3rver()
    {
        string? program = Installed(out string said);
        if (program is null && Environment.GetEnvironmentVariable("CI") is "true" or "1") Assert.Fail($"{HowToGetOne} {said}");
        Skip.If(program is null, HowToGetOne);
        process = Process.Start(new ProcessStartInfo("node", [program!, "-d", folder, "-a", "127.0.0.1", "-p", "0", "-s"]) { RedirectStandardOutput = true })!;
        const string Told = "listening on ";
        string? line;
        do line = process.StandardOutput.ReadLine();
        while (line is not null && !line.Contains(Told, StringComparison.Ordinal));
        Assert.True(line is not null, "s3rver ended before it listened.");
        drained = process.StandardOutput.ReadToEndAsync(); // a full pipe would stop it
        string address = line![(line!.IndexOf(Told, StringComparison.Ordinal) + Told.Length)..];
        client = new HttpClient { BaseAddress = new Uri($"http://{address}"), Timeout = Timeout.InfiniteTimeSpan };
    }

    public void MakeBucket(string name) => Directory.CreateDirectory(Path.Combine(folder, name));

    public async Task Answer(HttpContext http)
    {
        if (!HttpMethods.IsPut(http.Request.Method) && !HttpMethods.IsPost(http.Request.Method))
        {
            await Forward(http);
            return;
        }

        SemaphoreSlim held = keys.GetOrAdd(http.Request.Path.Value!, _ => new SemaphoreSlim(1));
        await held.WaitAsync();
        try
        {
            (string ifMatch, bool isNew) = (http.Request.Headers.IfMatch.ToString(), http.Request.Headers.IfNoneMatch.ToString() == "*");
            http.Request.Headers.Remove("If-Match");
            http.Request.Headers.Remove("If-None-Match");
            using HttpResponseMessage now = await Send(http, HttpMethod.Head);
            if (isNew ? now.IsSuccessStatusCode : ifMatch.Length > 0 && now.Headers.ETag?.ToString() != ifMatch)
            {
                await (now.IsSuccessStatusCode
                    ? S3Server.Refuse(http, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
                    : S3Server.Refuse(http, 404, "NoSuchKey", "The specified key does not exist."));
                return;
            }

            await Forward(http);
        }
        finally
        {
            held.Release();
        }
    }

    public void Dispose()
    {
        client.Dispose();
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        drained.Wait();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task Forward(HttpContext http)
    {
        bool hasBody = http.Request.ContentLength is > 0 || http.Request.Headers.TransferEncoding.Count > 0;
        Stream? body = hasBody ? http.Request.Body : null;
        long sent = http.Request.Headers["x-amz-decoded-content-length"] is [{ } decoded] ? long.Parse(decoded) : http.Request.ContentLength ?? 0;
        using HttpResponseMessage answer = await Send(http, new HttpMethod(http.Request.Method), body);
        bool isObject = HttpMethods.IsPut(http.Request.Method) && !http.Request.Query.ContainsKey("uploadId") && answer.IsSuccessStatusCode;
        if (isObject) await UntilWritten(http, sent);
        http.Response.StatusCode = (int)answer.StatusCode;
        foreach ((string name, IEnumerable<string> values) in answer.Headers.Concat(answer.Content.Headers))
        {
            if (name is not ("Transfer-Encoding" or "Connection" or "Keep-Alive")) http.Response.Headers[name] = values.ToArray();
        }

        if (HttpMethods.IsHead(http.Request.Method)) return;
        await using Stream content = await answer.Content.ReadAsStreamAsync(http.RequestAborted);
        byte[] buffer = new byte[1 << 16];
        int read;
        while ((read = await content.ReadAsync(buffer, http.RequestAborted)) > 0)
        {
            await http.Response.Body.WriteAsync(buffer.AsMemory(0, read), http.RequestAborted);
        }
    }

    // It answers when it has received a body, before the body is in its file.
    private async Task UntilWritten(HttpContext http, long bytes)
    {
        while (true)
        {
            using HttpResponseMessage found = await Send(http, HttpMethod.Head);
            if (found.Content.Headers.ContentLength == bytes) return;
            await Task.Delay(1, http.RequestAborted);
        }
    }

    private async Task<HttpResponseMessage> Send(HttpContext http, HttpMethod method, Stream? body = null)
    {
        string query = method == HttpMethod.Head ? "" : http.Request.QueryString.ToUriComponent();
        using var request = new HttpRequestMessage(method, http.Request.Path.ToUriComponent() + query);
        if (body is not null) request.Content = new StreamContent(body);
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in http.Request.Headers)
        {
            string?[] all = values.ToArray();
            bool isOfTheBody = name is "Content-Length" or "Transfer-Encoding" or "Range";
            if (name is "Host" or "Expect" or "Connection" || (method == HttpMethod.Head && isOfTheBody)) continue;
            if (!request.Headers.TryAddWithoutValidation(name, all)) request.Content?.Headers.TryAddWithoutValidation(name, all);
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, http.RequestAborted);
    }

    // Into ~/.cache/ncfspark by its lock file, beside its place and then renamed, so that what is there is whole. Null: npm could not, and what it said.
    private static string? Installed(out string said)
    {
        said = "";
        string lockFile = Path.Combine(AppContext.BaseDirectory, "s3rver", "package-lock.json");
        string cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        string version = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(lockFile)))[..16];
        string parent = Path.Combine(cache, "ncfspark"), home = Path.Combine(parent, $"s3rver-{version}");
        string program = Path.Combine(home, "node_modules", "s3rver", "bin", "s3rver.js");
        if (File.Exists(program)) return program;
        string beside = Path.Combine(parent, $".installing-{Guid.NewGuid():N}");
        Directory.CreateDirectory(beside);
        try
        {
            foreach (string name in new[] { "package.json", "package-lock.json" })
            {
                File.Copy(Path.Combine(Path.GetDirectoryName(lockFile)!, name), Path.Combine(beside, name));
            }

            using Process npm = Process.Start(new ProcessStartInfo("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            {
                WorkingDirectory = beside,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            })!;
            Task<string> output = npm.StandardOutput.ReadToEndAsync();
            said = npm.StandardError.ReadToEnd() + output.GetAwaiter().GetResult();
            npm.WaitForExit();
            if (npm.ExitCode != 0) return null;
            Directory.Move(beside, home);
        }
        catch (System.ComponentModel.Win32Exception none)
        {
            said = none.Message;
            return null;
        }
        catch (IOException) when (Directory.Exists(home))
        {
            // Another process was first.
        }
        finally
        {
            if (Directory.Exists(beside)) Directory.Delete(beside, recursive: true);
        }

        return program;
    }
}
