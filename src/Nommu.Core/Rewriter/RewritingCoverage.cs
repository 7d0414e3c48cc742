namespace Nommu.Core.Rewriter;

/// <summary>What a scan found and what became of it: for the log, for /proc and for tests.</summary>
public sealed class RewritingCoverage
{
    private readonly int[] _byRung = new int[(int)SiteRung.Trap + 1];

    internal RewritingCoverage(IReadOnlyList<RewrittenSite> sites, SiteScan scan)
    {
        Sites = sites;
        foreach (var site in sites)
            _byRung[(int)site.Rung]++;
        (NotInstructions, Sysenters, Interrupts, BytesDecoded, UsesGs) = (scan.NotInstructions, scan.Sysenters, scan.Interrupts, scan.BytesDecoded, scan.UsesGs);
    }

    /// <summary>Every <c>syscall</c> instruction, ascending.</summary>
    public IReadOnlyList<RewrittenSite> Sites { get; }

    /// <summary>Byte pairs 0f 05 that are part of other instructions or of data.</summary>
    public int NotInstructions { get; }

    /// <summary>Byte pairs 0f 34: <c>sysenter</c> perhaps, which 64-bit code can't use. Not decoded, not rewritten.</summary>
    public int Sysenters { get; }

    /// <summary>Byte pairs cd 80: <c>int 0x80</c> perhaps, the 32-bit calls, which are not offered. Not decoded, not rewritten.</summary>
    public int Interrupts { get; }

    /// <summary>How many bytes of the text were decoded to find this out: what a scan costs.</summary>
    public long BytesDecoded { get; }

    /// <summary>It reads or sets GS itself, so a process that has it must have nothing rewritten.</summary>
    internal bool UsesGs { get; }

    /// <summary>How many sites enter the kernel in one way.</summary>
    /// <param name="rung">The way.</param>
    public int Count(SiteRung rung) => _byRung[(int)rung];
}
