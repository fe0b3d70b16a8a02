using System.Text;
using NcfSpark.Core;
using NcfSpark.Jobs.Progress;

namespace NcfSpark.Jobs.Tests;

/// <summary>No failure of standard output or standard error stops the work.</summary>
public sealed class ConsoleTextTests
{
    [Theory]
    [InlineData(28, FileFault.Full)]
    [InlineData(5, FileFault.Device)] // a terminal that is gone
    public void WhatCannotBeWrittenIsLostAndTheNextLineIsTriedAgain(int errno, FileFault fault)
    {
        using var stream = new Faulty(new IOException("no", errno));
        using var text = new ConsoleText(stream);
        text.WriteLine("one");
        Assert.Null(text.Failure);
        stream.Fails = true;
        text.WriteLine("two");
        text.Write('t');
        text.Flush();
        stream.Fails = false;
        text.WriteLine("three");
        Assert.Equal("one\nthree\n", stream.ToString());
        Assert.Equal(fault, text.Failure!.Fault);
    }

    [Fact]
    public void AClosedDescriptorIsNoEnd()
    {
        using var text = new ConsoleText(new Faulty(new UnauthorizedAccessException("Bad file descriptor")) { Fails = true });
        text.WriteLine("one");
        Assert.NotNull(text.Failure);
    }

    [Fact]
    public void AFaultOfTheProgramIsNotHidden()
    {
        using var text = new ConsoleText(new Faulty(new InvalidOperationException()) { Fails = true });
        Assert.Throws<InvalidOperationException>(() => text.WriteLine("one"));
    }

    private sealed class Faulty(Exception failure) : TextWriter
    {
        private readonly StringBuilder written = new();

        public bool Fails { get; set; }

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => written.Append(Fails ? throw failure : value);

        public override void WriteLine(string? value) => written.Append(Fails ? throw failure : value).Append('\n');

        public override void Flush()
        {
            if (Fails) throw failure;
        }

        public override string ToString() => written.ToString();
    }
}
