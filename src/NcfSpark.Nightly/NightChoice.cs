using NcfSpark.Configuration;
using NcfSpark.Core;

namespace NcfSpark.Nightly;

/// <summary>The night that a run continues or begins.</summary>
/// <param name="IsDone">Whether it went into production already, by the same input and settings.</param>
internal sealed record NightChoice(string Name, bool IsDone)
{
    /// <param name="nights">The nights that are there.</param>
    /// <param name="history">How they ended.</param>
    /// <param name="options">Nightly:Night and Nightly:Resume.</param>
    /// <param name="fingerprint">Input and settings of this run.</param>
    /// <param name="today">By the clock, where Nightly:TimeZone is.</param>
    public static NightChoice Of(RunNights nights, RunHistory history, NightlyOptions options, string fingerprint, DateOnly today)
    {
        // A night that began before midnight and was killed continues after midnight.
        if (options.Night.Length == 0 && nights.Names is [.., string last] && CanGoOn(last) && FingerprintOf(last) == fingerprint) return new(last, false);

        (DateOnly date, int number) = options.Night.Length == 0 ? (today, 1) : (RunNights.DateOf(options.Night), RunNights.NumberOf(options.Night));
        for (; ; number++)
        {
            string name = RunNights.NameOf(date, number);
            bool same = FingerprintOf(name) == fingerprint;
            if (same && WasInProduction(name) && options.Resume && NightDirectory.IsWhole(nights, history, name)) return new(name, true);
            if (!WasInProduction(name) && (history.Of(name) is null || same)) return new(name, false);
        }

        bool WasInProduction(string name) => ProductionRule.WasInProduction(nights, history, name); // never written again

        bool CanGoOn(string name) => !WasInProduction(name) && history.Of(name)?.Outcome is null or NightOutcome.Failed or NightOutcome.Interrupted;

        string? FingerprintOf(string name) => NightState.Read(nights, name)?.Fingerprint;
    }
}
