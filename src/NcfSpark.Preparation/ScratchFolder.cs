namespace NcfSpark.Preparation;

/// <summary>A folder for copies of input that the engine cannot read as it stands. It is made when it is first asked for, and deleted at the end, also after a failure or Ctrl-C.</summary>
internal sealed class ScratchFolder : IDisposable
{
    private string? path;

    public string Path => path ??= Directory.CreateTempSubdirectory("ncfspark-input-").FullName;

    public void Dispose()
    {
        if (path is not null && Directory.Exists(path)) Directory.Delete(path, recursive: true);
    }
}
