namespace NcfSpark.Preparation.Tests;

public sealed class CsvRecordsTests : IDisposable
{
    private readonly TestFolder folder = new();

    [Theory]
    [InlineData("a,b\nc,d\n", ",", "1:a|b 2:c|d")]
    [InlineData("a,b\r\nc,d", ",", "1:a|b 2:c|d")]
    [InlineData("a\rb\r", ",", "1:a 2:b")]
    [InlineData("\n\na\n\nb\n\n", ",", "3:a 5:b")]
    [InlineData("\"a,\"\"b\"\"\nc\",d\ne,f\n", ",", "1:a,\"b\"\nc|d 3:e|f")]
    [InlineData("a::b:c::\n", "::", "1:a|b:c|")]
    [InlineData("a,\"\",\n", ",", "1:a||")]
    [InlineData("\"\"\n", ",", "1:")]
    [InlineData("a\tb\n \t \n\t\n\u0001\nc\t\nx\"\t\n", "\t", "1:a|b 5:c| 6:x\"|")]
    [InlineData(" \"a\",\"b\"  ,c \"d\"\n", ",", "1:a|b|c \"d\"")]
    [InlineData("it\"s,b\n", ",", "1:it\"s|b")]
    public void RecordsHaveTheLineTheyBeginOn(string text, string delimiter, string expected) =>
        Assert.Equal(expected, string.Join(
            ' ', CsvRecords.Read(folder.Write("a.csv", text), delimiter).Select(record => $"{record.Line}:{string.Join('|', record.Fields)}")));

    public void Dispose() => folder.Dispose();
}
