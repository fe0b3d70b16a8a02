using System.Text;

namespace NcfSpark.Core;

/// <summary>A file that is there whole or not at all: written under another name beside its place, then renamed over what was there.</summary>
public static class AtomicFile
{
    /// <param name="suffix">Of the name under which it is written. Two processes that may write the same file need two.</param>
    public static void Write(string path, Action<string> write, string suffix = ".tmp")
    {
        string temporary = path + suffix;
        try
        {
            write(temporary);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary); // a full disk needs the space
            throw;
        }
    }

    /// <summary>The same of bytes, which are on the disk before the file stands under its name.</summary>
    public static void Write(string path, byte[] bytes) => Write(path, temporary =>
    {
        using var stream = new FileStream(temporary, FileMode.Create);
        stream.Write(bytes);
        stream.Flush(flushToDisk: true);
    });

    /// <summary>The same of a text, in UTF-8.</summary>
    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));
}
