using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies a 64-bit little-endian ELF library and marks one version that it needs from another library as weak, so that ld.so no longer
/// refuses it where that library lacks the version. Compiled by MSBuild (see TorchSharpOnOlderLinux.targets), hence the plain C#.
/// Layout: the Linux Standard Base, "Symbol Versioning": section .gnu.version_r is a chain of Verneed records, one for each library,
/// each with a chain of Vernaux records, one for each version.
/// </summary>
public class WeakenElfVersion : Task
{
    const uint VersionNeedSection = 0x6ffffffe; // SHT_GNU_verneed
    const byte WeakFlag = 2;                    // VER_FLG_WEAK

    [Required] public string Source { get; set; }
    [Required] public string Destination { get; set; }
    [Required] public string Version { get; set; }

    public override bool Execute()
    {
        if (File.Exists(Destination) && File.GetLastWriteTimeUtc(Destination) > File.GetLastWriteTimeUtc(Source)) return true;
        byte[] elf = File.ReadAllBytes(Source);
        if (elf.Length < 64 || BitConverter.ToUInt32(elf, 0) != 0x464c457f || elf[4] != 2 || elf[5] != 1)
        {
            Log.LogError(Source + " is not a 64-bit little-endian ELF file.");
            return false;
        }
        foreach (int versionEntry in NeededVersions(elf, Version)) elf[versionEntry + 4] |= WeakFlag; // vna_flags, low byte
        Directory.CreateDirectory(Path.GetDirectoryName(Destination));
        string temporary = Destination + "." + Guid.NewGuid().ToString("N"); // builds may run side by side
        File.WriteAllBytes(temporary, elf);
        if (File.Exists(Destination)) File.Delete(Destination);
        File.Move(temporary, Destination);
        return true;
    }

    /// <summary>Offsets of the Vernaux records that name <paramref name="version"/>.</summary>
    static IEnumerable<int> NeededVersions(byte[] elf, string version)
    {
        long sections = BitConverter.ToInt64(elf, 0x28);
        int sectionSize = BitConverter.ToUInt16(elf, 0x3A), sectionCount = BitConverter.ToUInt16(elf, 0x3C);
        for (int i = 0; i < sectionCount; i++)
        {
            int section = (int)(sections + (long)i * sectionSize);
            if (BitConverter.ToUInt32(elf, section + 4) != VersionNeedSection) continue;
            int need = (int)BitConverter.ToInt64(elf, section + 24), needCount = BitConverter.ToInt32(elf, section + 44);
            int names = (int)BitConverter.ToInt64(elf, (int)(sections + (long)BitConverter.ToInt32(elf, section + 40) * sectionSize) + 24);
            for (int n = 0; n < needCount; n++, need += BitConverter.ToInt32(elf, need + 12))
            {
                int entry = need + BitConverter.ToInt32(elf, need + 8);
                for (int left = BitConverter.ToUInt16(elf, need + 2); left > 0; left--, entry += BitConverter.ToInt32(elf, entry + 12))
                {
                    int start = names + BitConverter.ToInt32(elf, entry + 8);
                    int end = Array.IndexOf(elf, (byte)0, start);
                    if (Encoding.ASCII.GetString(elf, start, end - start) == version) yield return entry;
                }
            }
        }
    }
}
