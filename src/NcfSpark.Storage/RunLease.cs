using System.Text.Json;
using NcfSpark.Core;

namespace NcfSpark.Storage;

/// <summary>
/// Holds a run in object storage for one process: an object that says who holds it, written under conditions only, so that of two processes one wins. The
/// holder renews it all the time. One that is not renewed for as long as it says is free: its holder was killed, frozen, or cut off.
/// </summary>
/// <remarks>
/// No clock of another machine is read: who waits looks whether the object changes, by its own clock. A holder that was frozen past its lease finds out at its
/// next renewal, since another has written the object. <see cref="Token"/> grows with each holder, for what must be safe even before that.
/// </remarks>
internal sealed class RunLease : IDisposable
{
    private const int RenewalsInALease = 6;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly ObjectStore objects;
    private readonly ObjectPlace place;
    private readonly string run;
    private readonly TimeSpan duration;
    private readonly TimeProvider time;
    private readonly Lock renewing = new();
    private readonly ITimer timer;
    private Holder mine;
    private string eTag;
    private long renewed;
    private bool lost, released;

    private RunLease(ObjectStore objects, ObjectPlace place, string run, TimeSpan duration, TimeProvider time, Holder mine, string eTag)
    {
        (this.objects, this.place, this.run, this.duration, this.time, this.mine, this.eTag) = (objects, place, run, duration, time, mine, eTag);
        renewed = time.GetTimestamp();
        TimeSpan period = duration / RenewalsInALease;
        timer = time.CreateTimer(_ => RenewInBackground(), null, period, period);
    }

    /// <summary>Greater than that of each holder before.</summary>
    public long Token => mine.Token;

    /// <summary>Takes it, or waits as long as its holder may still be alive, which is at most the holder's own lease.</summary>
    /// <param name="place">The object.</param>
    /// <param name="run">The run, for messages.</param>
    /// <param name="duration">How long it holds without a renewal.</param>
    /// <exception cref="InvalidInputException">Its holder is alive.</exception>
    public static RunLease Take(
        ObjectStore objects, ObjectPlace place, string run, TimeSpan duration, TimeProvider time, IProgressReporter progress, CancellationToken cancellation)
    {
        string? seen = null;
        long since = 0;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            StoredBytes? there = objects.Read(place, cancellation);
            Holder? holder = there is null ? null : Read(there, place);
            if (holder is { Id: not null })
            {
                if (seen is not null && seen != there!.ETag) throw InUse(run, holder);
                if (seen is null)
                {
                    (seen, since) = (there!.ETag, time.GetTimestamp());
                    progress.Line($"{run} was last held by {holder.Who}. Looking whether that still runs, for {holder.LeaseSeconds:0.#} s at most.");
                }

                if (time.GetElapsedTime(since).TotalSeconds <= holder.LeaseSeconds)
                {
                    cancellation.WaitHandle.WaitOne(TimeSpan.FromSeconds(Math.Min(1, holder.LeaseSeconds / 10)));
                    continue;
                }
            }

            var mine = new Holder(
                (holder?.Token ?? 0) + 1, $"{Guid.NewGuid():N}", Environment.ProcessId, Environment.MachineName, time.GetUtcNow(), duration.TotalSeconds, 0);
            byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(mine, Json);
            string? eTag = there is null ? objects.PutNew(place, bytes, cancellation) : objects.Replace(place, bytes, there.ETag, cancellation);
            if (eTag is not null) return new RunLease(objects, place, run, duration, time, mine, eTag);
            seen = "taken by another"; // who is alive
        }
    }

    /// <summary>Makes sure that it is held at this moment.</summary>
    /// <exception cref="InvalidInputException">Another process has taken it, because this one did not renew it in time.</exception>
    public void Ensure()
    {
        lock (renewing)
        {
            if (!lost && time.GetElapsedTime(renewed) > duration / 3) Renew();
            if (lost) throw Lost();
        }
    }

    public void Dispose()
    {
        timer.Dispose();
        lock (renewing)
        {
            if (lost || released) return;
            released = true;
            try
            {
                objects.Replace(place, JsonSerializer.SerializeToUtf8Bytes(mine with { Id = null }, Json), eTag);
            }
            catch (Exception left) when (left is InvalidInputException or StorageUnavailableException)
            {
                // It expires.
            }
        }
    }

    private static Holder? Read(StoredBytes there, ObjectPlace place)
    {
        try
        {
            return JsonSerializer.Deserialize<Holder>(there.Bytes, Json);
        }
        catch (JsonException cause)
        {
            throw new InvalidInputException(
                $"{place} does not say who writes there ({cause.Message}): NcfSpark did not write it. If nobody does, delete it.", cause);
        }
    }

    // A failure is met again by whoever calls Ensure.
    private void RenewInBackground()
    {
        if (!renewing.TryEnter()) return; // one is under way
        try
        {
            if (!lost && !released) Renew();
        }
        catch (Exception cut) when (cut is InvalidInputException or StorageUnavailableException)
        {
        }
        finally
        {
            renewing.Exit();
        }
    }

    private void Renew()
    {
        long began = time.GetTimestamp();
        mine = mine with { Renewed = mine.Renewed + 1 };
        if (objects.Replace(place, JsonSerializer.SerializeToUtf8Bytes(mine, Json), eTag) is { } next) (eTag, renewed) = (next, began);
        else lost = true;
    }

    private InvalidInputException Lost() => new(
        $"{run} was taken over by another NcfSpark process, since this one did not renew its lease for over {duration.TotalSeconds:0.#} s: it stood still, "
        + "or was cut off from the storage. It has published nothing since. Give the same command again once the other has ended.");

    private static InvalidInputException InUse(string run, Holder holder) =>
        new($"{run} is in use by another NcfSpark process: {holder.Who}. Wait for it to end, or choose another place with --run. Nothing was changed.");

    /// <summary>What the object says.</summary>
    /// <param name="Token">Grows with each holder.</param>
    /// <param name="Id">No other holder has it; null: nobody holds it.</param>
    /// <param name="LeaseSeconds">How long it holds without a renewal.</param>
    /// <param name="Renewed">How often it was renewed.</param>
    private sealed record Holder(long Token, string? Id, int Process, string Host, DateTimeOffset Since, double LeaseSeconds, long Renewed)
    {
        [System.Text.Json.Serialization.JsonIgnore]
        public string Who => $"process {Process} on {Host}, since {Since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC";
    }
}
