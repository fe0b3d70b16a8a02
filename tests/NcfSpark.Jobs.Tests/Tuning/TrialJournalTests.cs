using NcfSpark.Tuning;

namespace NcfSpark.Jobs.Tests.Tuning;

public sealed class TrialJournalTests : IDisposable
{
    private static readonly TimeSpan limit = TimeSpan.FromSeconds(60);
    private static readonly Trial trial = new(3, 10, 1, 0.123456789, 0.5, 10, 4.25);

    private readonly TemporaryFolder folder = new();

    private string File => Path.Combine(folder.Path, TrialJournal.FileName);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void WhatWasAddedIsFoundByAnotherProcessToTheLastDigit()
    {
        new TrialJournal(File).Add(trial);
        Assert.Equal(trial, new TrialJournal(File).Find(3, 10, 1, limit));
        Assert.Null(new TrialJournal(File).Find(3, 10, 2, limit));
    }

    [Fact]
    public void ALineThatWasCutOffIsNoTrialAndDoesNotSpoilTheNext()
    {
        new TrialJournal(File).Add(trial);
        System.IO.File.AppendAllText(File, "{\"candidate\":4,\"epo");
        new TrialJournal(File).Add(trial with { Candidate = 5 });
        var journal = new TrialJournal(File);
        Assert.NotNull(journal.Find(3, 10, 1, limit));
        Assert.NotNull(journal.Find(5, 10, 1, limit));
        Assert.Null(journal.Find(4, 10, 1, limit));
    }

    [Fact]
    public void WhatTookTooLongIsTriedAgainOnlyWithMoreTime()
    {
        new TrialJournal(File).Add(trial with { Ndcg = null, Seconds = 60.2, Failure = Trial.TooSlow });
        var journal = new TrialJournal(File);
        Assert.NotNull(journal.Find(3, 10, 1, TimeSpan.FromSeconds(60)));
        Assert.Null(journal.Find(3, 10, 1, TimeSpan.FromSeconds(120)));
    }
}
