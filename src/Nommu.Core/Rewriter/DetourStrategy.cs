using System.Buffers.Binary;

namespace Nommu.Core.Rewriter;

/// <summary>The default: a jump over the <c>syscall</c> or a neighbour of it, to a stub that does what was displaced and enters the kernel. Needs no privilege and nothing at page zero.</summary>
public sealed class DetourStrategy : IRewritingStrategy
{
    private const int StubAreaAlignment = 4096;
    private const byte Jump = 0xe9;
    private const byte Int3 = 0xcc;

    /// <inheritdoc/>
    public string Name => "detour";

    /// <inheritdoc/>
    public RewrittenText Rewrite(ExecutableText text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var scan = SiteScan.Of(text.Bytes);
        var leaders = new LeaderMap(text.Bytes.Length);
        var finder = new SiteFinder(text, scan, leaders);
        finder.Run();
        if (finder.Sites.Count > 0)
            LeaderScan.Collect(text, leaders);
        var distance = (text.Bytes.Length + StubAreaAlignment - 1) & -StubAreaAlignment;
        var writer = new StubWriter(text, distance);
        var patches = new List<SitePatch>();
        var sites = new List<RewrittenSite>();
        foreach (var undecided in finder.Undecided)
            sites.Add(new RewrittenSite(undecided, SiteRung.Trap, TrapReason.Undecided));
        var claimedTo = 0;
        var signalReturns = new SignalReturnSites(text);
        foreach (var site in finder.Sites)
        {
            if (signalReturns.Keeps(site.Offset))
            {
                sites.Add(new RewrittenSite(site.Offset, SiteRung.Trap, TrapReason.SignalReturn));
                claimedTo = Math.Max(claimedTo, site.End);
            }
            else if (!TryAddLandingPads(text, site, leaders))
            {
                sites.Add(new RewrittenSite(site.Offset, SiteRung.Trap, TrapReason.UnreadableTables));
            }
            else if (!DetourWindow.TryChoose(site, leaders, claimedTo, out var window))
            {
                sites.Add(new RewrittenSite(site.Offset, SiteRung.Trap, TrapReason.NoWindow));
            }
            else
            {
                patches.Add(Patch(text, window, distance + writer.Write(site, window)));
                sites.Add(new RewrittenSite(site.Offset, window.Rung));
                claimedTo = Math.Max(window.End, site.End);
            }
        }
        sites.Sort(static (a, b) => a.Offset.CompareTo(b.Offset));
        return new RewrittenText(text, patches, writer.Bytes, distance, writer.Fixups, new SiteTable(writer.Map, writer.Position), new RewritingCoverage(sites, scan));
    }

    // What is left of the window behind the jump is never reached; int3 makes a wild jump there loud.
    private static SitePatch Patch(ExecutableText text, in DetourWindow window, int target)
    {
        var original = text.Bytes.Slice(window.Start, window.End - window.Start);
        var replacement = new byte[original.Length];
        replacement.AsSpan().Fill(Int3);
        replacement[0] = Jump;
        BinaryPrimitives.WriteInt32LittleEndian(replacement.AsSpan(1), target - (window.Start + DetourWindow.JumpLength));
        return new SitePatch(window.Start, original.ToArray(), replacement, IsJump: true);
    }

    // Only the functions that hold a site are asked: an unwinder resumes in the function it unwinds to.
    private static bool TryAddLandingPads(ExecutableText text, CandidateSite site, LeaderMap leaders)
    {
        var functions = text.Functions;
        var address = text.Address + (ulong)site.Offset;
        var (low, high) = (0, functions.Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (functions[middle].Address <= address)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == 0)
            return true;
        var pads = new List<ulong>();
        if (!text.Image!.TryCollectLandingPads(functions[low - 1], pads))
            return false;
        foreach (var pad in pads)
            leaders.Add((long)(pad - text.Address));
        return true;
    }
}
