namespace NcfSpark.Core;

/// <summary>A stage's directory while it is being written. Before <see cref="Publish"/> nothing of it counts.</summary>
public interface IStageWriter : IDisposable
{
    /// <summary>The directory.</summary>
    string Path { get; }

    /// <summary>A path in the directory: of this machine, or with a scheme, for an engine to write to.</summary>
    string File(string name);

    /// <summary>Whether an engine's executors do not see this machine's files, and write elsewhere.</summary>
    bool IsElsewhere => false;

    /// <summary>The path of a part for an engine to write to: <see cref="File"/>, unless the writer <see cref="IsElsewhere"/>.</summary>
    string ForEngine(string name) => File(name);

    /// <summary>Once the engine has written: brings here what it wrote elsewhere, if this machine reads it.</summary>
    void Collect()
    {
    }

    /// <summary>Writes the manifest and makes the directory the stage's result, in one step.</summary>
    StageDirectory Publish(StageManifest manifest);
}
