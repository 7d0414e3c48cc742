namespace Nommu.Core.Rewriter;

/// <summary>
/// <c>call *%rax</c> in the place of each <c>syscall</c> (both have two bytes): rax holds the call's number, so the call lands in a trampoline at page zero.
/// Needs that page and takes 8 bytes of the red zone, so that functions that are seen to use that are left to the trap; whether the host may have the page is decided where the trampoline is mapped, not here.
/// </summary>
public sealed class ZpolineStrategy : IRewritingStrategy
{
    private static ReadOnlySpan<byte> CallRax => [0xff, 0xd0];

    /// <inheritdoc/>
    public string Name => "zpoline";

    internal static bool IsCall(SitePatch patch) => patch.Replacement.Span.SequenceEqual(CallRax);

    /// <inheritdoc/>
    public RewrittenText Rewrite(ExecutableText text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var scan = SiteScan.Of(text.Bytes);
        var finder = new SiteFinder(text, scan, new LeaderMap(text.Bytes.Length));
        finder.Run();
        var patches = new List<SitePatch>();
        var sites = new List<RewrittenSite>();
        foreach (var undecided in finder.Undecided)
            sites.Add(new RewrittenSite(undecided, SiteRung.Trap, TrapReason.Undecided));
        var signalReturns = new SignalReturnSites(text);
        foreach (var site in finder.Sites)
        {
            if (signalReturns.Keeps(site.Offset))
            {
                sites.Add(new RewrittenSite(site.Offset, SiteRung.Trap, TrapReason.SignalReturn));
                continue;
            }
            if (site.Length != CallRax.Length)
            {
                sites.Add(new RewrittenSite(site.Offset, SiteRung.Trap, TrapReason.NotReplaceable));
                continue;
            }
            if (site.UsesRedZone)
            {
                sites.Add(new RewrittenSite(site.Offset, SiteRung.Trap, TrapReason.RedZone));
                continue;
            }
            patches.Add(new SitePatch(site.Offset, text.Bytes.Slice(site.Offset, site.Length).ToArray(), CallRax.ToArray(), IsJump: false));
            sites.Add(new RewrittenSite(site.Offset, SiteRung.Zpoline));
        }
        sites.Sort(static (a, b) => a.Offset.CompareTo(b.Offset));
        return new RewrittenText(text, patches, default, 0, [], new SiteTable([], 0), new RewritingCoverage(sites, scan));
    }
}
