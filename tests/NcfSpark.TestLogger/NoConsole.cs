using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;

namespace NcfSpark.TestLogger;

/// <summary>
/// Prints nothing. `dotnet test` adds vstest's own console logger, which would say once more what <see cref="TotalsLogger"/>
/// says, unless a logger is named that begins with "console": this one.
/// </summary>
[FriendlyName("consolenone")]
[ExtensionUri("logger://ncfspark/consolenone")]
public sealed class NoConsole : ITestLogger
{
    public void Initialize(TestLoggerEvents events, string testRunDirectory)
    {
    }
}
