using NcfSpark.Engines;

namespace NcfSpark.Preparation;

/// <summary>
/// Where the lines stand that an engine rejected without saying where (Spark, whose tasks read parts of a file): they
/// are looked up in the files here. Equal lines are equally bad, so a text is enough to know them again.
/// </summary>
internal static class RejectedLines
{
    /// <param name="rejected">What the engine rejected; each text is a whole line, with U+FFFD for bytes that are no UTF-8.</param>
    public static IEnumerable<BadRow> Find(IEnumerable<BadRow> rejected, CsvLayout layout)
    {
        foreach (IGrouping<string, BadRow> file in rejected.GroupBy(row => row.File))
        {
            Dictionary<string, BadRow> sought = file.DistinctBy(row => row.Text).ToDictionary(row => row.Text);
            var missing = new HashSet<string>(sought.Keys);
            using StreamReader reader = CsvRecords.Open(file.Key);
            long number = 0;
            while (reader.ReadLine() is { } line)
            {
                number++;
                if ((number == 1 && layout.Header) || !sought.TryGetValue(line, out BadRow? row)) continue;
                missing.Remove(line);
                yield return row with { Line = number, Reason = Precise(row.Reason, line, layout) };
            }

            foreach (string text in missing) yield return sought[text]; // Spark had put it together anew: without a line, but told
        }
    }

    // Spark cannot tell too few columns from a quote that does not end.
    private static string Precise(string reason, string line, CsvLayout layout)
    {
        if (reason.Contains("UTF-8", StringComparison.Ordinal) || layout.Delimiter == JsonLines.Delimiter) return reason;
        if (layout.Quote.Length > 0 && line.Count(letter => letter == layout.Quote[0]) % 2 != 0)
        {
            return BadRows.ReasonOf("the quote does not end on this line, and Spark reads no line breaks within quotes", line, layout);
        }

        int found = CsvRecords.Read(new StringReader(line), layout.Delimiter, layout.Quote).First().Fields.Count;
        return BadRows.ReasonOf(found == layout.Columns ? "a quoted field goes on" : "another number of columns", line, layout);
    }
}
