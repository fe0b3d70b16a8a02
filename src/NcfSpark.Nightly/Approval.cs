namespace NcfSpark.Nightly;

/// <summary>That a night may be in service, by whom, and why. It is written before the night is put there.</summary>
/// <param name="ByHand">Whether somebody did it by hand; else the gate.</param>
/// <param name="Reason">Why.</param>
/// <param name="At">When.</param>
internal sealed record Approval(bool ByHand, string Reason, DateTimeOffset At);
