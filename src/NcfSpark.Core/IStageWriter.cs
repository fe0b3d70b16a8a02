namespace NcfSpark.Core;

/// <summary>A stage's directory while it is being written. Before <see cref="Publish"/> nothing of it counts.</summary>
public interface IStageWriter : IDisposable
{
    /// <summary>The directory.</summary>
    string Path { get; }

    /// <summary>A path in the directory: of this machine, or with a scheme, for an engine to write to.</summary>
    string File(string name);

    /// <summary>Writes the manifest and makes the directory the stage's result, in one step.</summary>
    StageDirectory Publish(StageManifest manifest);
}
