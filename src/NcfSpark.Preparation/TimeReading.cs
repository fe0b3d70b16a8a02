namespace NcfSpark.Preparation;

/// <summary>How the times of a log are read.</summary>
/// <param name="Form">What is written.</param>
/// <param name="TicksPerSecond">What moments count: 1, 1000, 10^6 or 10^9, the coarsest that loses nothing.</param>
/// <param name="Recognised">Whether the form was recognised rather than declared: then a moment that makes it doubtful, one before 1980, is a bad row.</param>
internal sealed record TimeReading(TimeForm Form, long TicksPerSecond, bool Recognised)
{
    /// <summary>The least moment that is none of a bad row.</summary>
    public long Earliest => Recognised && Form is not (TimeForm.Order or TimeForm.Typed) ? TimeForms.FirstSecond * TicksPerSecond : 0;

    /// <summary>The greatest.</summary>
    public long Latest => Recognised && Form == TimeForm.Order ? (TimeForms.FirstSecond * TicksPerSecond) - 1 : TimeForms.LastSecond * TicksPerSecond;
}
