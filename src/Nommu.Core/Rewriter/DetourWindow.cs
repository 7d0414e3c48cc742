using Iced.Intel;

namespace Nommu.Core.Rewriter;

/// <summary>The bytes a detour's jump is put over, and what of them the stub has to do instead.</summary>
/// <param name="Rung">Which kind of window.</param>
/// <param name="Start">Where it begins in the text: where the jump stands.</param>
/// <param name="End">Where it ends: where a stub with displaced followers jumps back to.</param>
/// <param name="Before">How many preceding instructions it takes in.</param>
/// <param name="After">How many following ones.</param>
internal readonly record struct DetourWindow(SiteRung Rung, int Start, int End, int Before, int After)
{
    /// <summary>The length of <c>jmp rel32</c>.</summary>
    internal const int JumpLength = 5;

    /// <summary>Chooses a window.</summary>
    /// <param name="site">The site.</param>
    /// <param name="leaders">All that may be jumped to around it.</param>
    /// <param name="claimedTo">The end of the window of the site before.</param>
    /// <param name="window">The window.</param>
    internal static bool TryChoose(CandidateSite site, LeaderMap leaders, int claimedTo, out DetourWindow window) =>
        TryMove(site, leaders, claimedTo, out window) || TryFollowing(site, leaders, claimedTo, out window) || TryPreceding(site, leaders, claimedTo, out window);

    // mov eax,imm32 (b8) is exactly a jump's length. The syscall's bytes stay, so a jump straight to them still works, by the trap; where the file has such a jump, the following window serves both ways.
    private static bool TryMove(CandidateSite site, LeaderMap leaders, int claimedTo, out DetourWindow window)
    {
        window = default;
        if (site.Before.Length == 0 || site.Before[0] is not { Length: JumpLength, Code: Code.Mov_r32_imm32, Op0Register: Register.EAX })
            return false;
        if (leaders.Contains(site.Offset) && TryFollowing(site, leaders, claimedTo, out window))
            return true;
        window = new DetourWindow(SiteRung.DetourOverMove, site.Offset - JumpLength, site.Offset, 1, 0);
        return window.IsFree(leaders, claimedTo);
    }

    private static bool TryFollowing(CandidateSite site, LeaderMap leaders, int claimedTo, out DetourWindow window)
    {
        var end = site.End;
        var after = 0;
        while (end - site.Offset < JumpLength && after < site.After.Length)
            end += site.After[after++].Length;
        window = new DetourWindow(SiteRung.DetourFollowing, site.Offset, end, 0, after);
        return window.IsFree(leaders, claimedTo);
    }

    // First with the syscall in the window, which needs fewer neighbours; where it may be jumped to, without.
    private static bool TryPreceding(CandidateSite site, LeaderMap leaders, int claimedTo, out DetourWindow window)
    {
        var start = site.Offset;
        window = default;
        for (var before = 1; before <= site.Before.Length; before++)
        {
            start -= site.Before[before - 1].Length;
            var isWhole = site.Offset - start >= JumpLength;
            window = new DetourWindow(SiteRung.DetourPreceding, start, isWhole ? site.Offset : site.End, before, 0);
            if (window.IsFree(leaders, claimedTo))
                return true;
        }
        return false;
    }

    private bool IsFree(LeaderMap leaders, int claimedTo) => End - Start >= JumpLength && Start >= claimedTo && !leaders.IsInside(Start, End);
}
