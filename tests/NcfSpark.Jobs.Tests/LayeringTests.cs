using System.Xml.Linq;
using NcfSpark.Configuration;

namespace NcfSpark.Jobs.Tests;

/// <summary>The house's order: who may know whom, and how files and settings are named and documented.</summary>
public sealed class LayeringTests
{
    private static readonly Dictionary<string, string[]> MayKnow = new()
    {
        ["NcfSpark.Core"] = [],
        ["NcfSpark.Kernels"] = [],
        ["NcfSpark.Engines"] = ["NcfSpark.Core"],
        ["NcfSpark.Storage"] = ["NcfSpark.Core"],
        ["NcfSpark.Preparation"] = ["NcfSpark.Engines", "NcfSpark.Storage", "NcfSpark.Core"],
        ["NcfSpark.Model"] = ["NcfSpark.Kernels", "NcfSpark.Core"],
        ["NcfSpark.Training"] = ["NcfSpark.Model", "NcfSpark.Core", "NcfSpark.Kernels"],
        ["NcfSpark.Scoring"] = ["NcfSpark.Model", "NcfSpark.Core", "NcfSpark.Kernels"],
        ["NcfSpark.Evaluation"] = ["NcfSpark.Core"],
        ["NcfSpark.Configuration"] = ["NcfSpark.Preparation", "NcfSpark.Training", "NcfSpark.Evaluation", "NcfSpark.Scoring"],
        ["NcfSpark.Reporting"] = ["NcfSpark.Evaluation"],
        ["NcfSpark.Cluster"] = ["NcfSpark.Configuration"],
        ["NcfSpark.Pipeline"] = ["NcfSpark.Cluster", "NcfSpark.Reporting"],
        ["NcfSpark.Tuning"] = ["NcfSpark.Pipeline"],
        ["NcfSpark.Nightly"] = ["NcfSpark.Pipeline"],
        ["NcfSpark.Serving"] = ["NcfSpark.Nightly"],
        ["NcfSpark.Jobs"] = ["NcfSpark.Nightly", "NcfSpark.Serving", "NcfSpark.Tuning"],
    };

    [Fact]
    public void ReferencesGoOneWay()
    {
        foreach (string project in Repository.Files("*.csproj").Where(path => !IsTest(path)))
        {
            string name = Path.GetFileNameWithoutExtension(project);
            Assert.True(MayKnow.ContainsKey(name), $"{name} is a new project: say here which others it may know.");
            string[] wrong = [.. References(project).Except(MayKnow[name])];
            Assert.True(wrong.Length == 0, $"{name} must not know {string.Join(", ", wrong)}.");
        }
    }

    [Fact]
    public void NothingKnowsTests()
    {
        foreach (string project in Repository.Files("*.csproj").Where(path => !IsTest(path)))
        {
            Assert.DoesNotContain(References(project), name => name.EndsWith(".Tests", StringComparison.Ordinal) || name == "NcfSpark.Benchmarks");
        }
    }

    /// <summary>A project of its own, or a folder in that of a project above it.</summary>
    [Fact]
    public void EverySourceProjectIsInTheSolutionAndHasTests()
    {
        string solution = File.ReadAllText(Repository.File("NcfSpark.sln"));
        foreach (string name in Repository.Files("*.csproj").Where(path => !IsTest(path)).Select(path => Path.GetFileNameWithoutExtension(path)))
        {
            Assert.Contains($"\"{name}\"", solution, StringComparison.Ordinal);
            bool hasFolder = Directory.GetDirectories(Repository.File("tests"), "NcfSpark.*.Tests")
                .Any(tests => Directory.Exists(Path.Combine(tests, name["NcfSpark.".Length..])));
            Assert.True(hasFolder || solution.Contains($"\"{name}.Tests\"", StringComparison.Ordinal), $"{name} has no tests of its own.");
        }
    }

    [Fact]
    public void NoFileIsNamedForEverything()
    {
        string[] vague = ["Utils", "Utilities", "Helper", "Common", "Manager"];
        Assert.DoesNotContain(Repository.Files("*.cs"), path => vague.Any(word => Path.GetFileName(path).Contains(word, StringComparison.OrdinalIgnoreCase)));
    }

    /// <summary>
    /// A record or an interface may have small companions of its own, and options their enumerations; other public
    /// types stand in a file of their name.
    /// </summary>
    [Fact]
    public void AFileIsNamedForATypeInIt()
    {
        foreach (string path in Repository.Files("*.cs").Where(path => !IsTest(path) && Path.GetFileName(path) != "Program.cs"))
        {
            string name = Path.GetFileNameWithoutExtension(path).Split('.')[0], text = File.ReadAllText(path);
            Assert.True(
                text.Split([' ', '\n', '(', '<', ':', '{', ';', '\r'], StringSplitOptions.RemoveEmptyEntries).Contains(name)
                    && DeclaredTypes(text).Contains(name),
                $"{Path.GetRelativePath(Repository.Root, path)} declares {string.Join(", ", DeclaredTypes(text))}, but no {name}.");
            Assert.True(PublicTopLevelTypes(text) <= 3,
                $"{Path.GetRelativePath(Repository.Root, path)} declares {PublicTopLevelTypes(text)} public types: give them files of their own.");
        }
    }

    /// <summary>What all stages have in common is written once, and a verb only names what it runs.</summary>
    [Fact]
    public void ManifestsAreWrittenByThePipelineAloneAndAVerbIsShort()
    {
        string[] code = [.. Repository.Files("*.cs").Where(path => !IsTest(path))];
        string maker = Assert.Single(code, path => File.ReadAllText(path).Contains("new StageManifest", StringComparison.Ordinal));
        Assert.Equal("StagePipeline.cs", Path.GetFileName(maker));
        string[] verbs = [.. code.Where(path => Path.GetFileName(Path.GetDirectoryName(path)) == "Verbs")];
        Assert.NotEmpty(verbs);
        Assert.All(verbs, path => Assert.True(File.ReadLines(path).Count() < 40, $"{path} has 40 lines or more: a verb only names what it runs."));
    }

    [Fact]
    public void NamespacesAreThoseOfTheProject()
    {
        foreach (string project in Repository.Files("*.csproj"))
        {
            string name = Path.GetFileNameWithoutExtension(project), folder = Path.GetDirectoryName(project)! + Path.DirectorySeparatorChar;
            foreach (string path in Repository.Files("*.cs").Where(path => path.StartsWith(folder, StringComparison.Ordinal)))
            {
                string? line = File.ReadLines(path).FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal));
                if (line is null) continue; // a program's top-level statements
                Assert.True(line == $"namespace {name};" || line.StartsWith($"namespace {name}.", StringComparison.Ordinal),
                    $"{Path.GetRelativePath(Repository.Root, path)}: {line}");
            }
        }
    }

    [Fact]
    public void EverySectionAndSettingIsDocumented()
    {
        Assert.All(SettingKey.Sections, section => Assert.NotEqual("", SettingDocs.OfSection(section)));
        Assert.All(SettingKey.All, key => Assert.True(SettingDocs.Of(key).Length > 0, $"{key} has no summary: say what it means and what it trades off."));
    }

    private static bool IsTest(string path) => Path.GetRelativePath(Repository.Root, path).StartsWith("tests", StringComparison.Ordinal);

    private static IEnumerable<string> References(string project) => XDocument.Load(project)
        .Descendants("ProjectReference")
        .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));

    private static IEnumerable<string> DeclaredTypes(string text) => text.Split('\n').Where(IsTopLevelType).Select(TypeName);

    private static int PublicTopLevelTypes(string text) => text.Split('\n').Count(
        line => line.StartsWith("public ", StringComparison.Ordinal) && !line.StartsWith("public enum ", StringComparison.Ordinal) && IsTopLevelType(line));

    private static bool IsTopLevelType(string line) =>
        line.Length > 0 && char.IsAsciiLetterLower(line[0])
            && line.Split(' ').Any(word => word is "class" or "record" or "interface" or "enum" or "struct" or "delegate");

    private static string TypeName(string line)
    {
        string[] words = line.Split(' ');
        int at = Array.FindLastIndex(words, Math.Min(words.Length - 1, 6),
            word => word is "class" or "record" or "interface" or "enum" or "struct" or "delegate");
        string declared = words[at] == "delegate" ? string.Join(' ', words[(at + 2)..]) : string.Join(' ', words[(at + 1)..]);
        return declared.Split(['(', '<', ' ', ':', ';', '{'])[0];
    }
}
