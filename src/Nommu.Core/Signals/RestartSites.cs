namespace Nommu.Core.Signals;

/// <summary>
/// No Linux counterpart. Frames of interrupted calls that SA_RESTART makes again: Linux points the saved rip back at the <c>syscall</c> instruction, and so do we; where rt_sigreturn finds such a frame unchanged,
/// the kernel makes the call itself and the guest need not run an instruction that may have been rewritten.
/// </summary>
/// <remarks>Frames nest seldom deeper than this remembers; a forgotten one goes back to the instruction, which is right as well, only slower.</remarks>
internal sealed class RestartSites
{
    private const int Depth = 4;

    private readonly (ulong Frame, ulong Rip)[] _sites = new (ulong, ulong)[Depth];
    private int _next;

    internal void Remember(ulong frame, ulong rip)
    {
        _sites[_next] = (frame, rip);
        _next = (_next + 1) % Depth;
    }

    /// <summary>True once for a frame that was remembered with this rip.</summary>
    internal bool Take(ulong frame, ulong rip)
    {
        for (var i = 0; i < Depth; i++)
        {
            if (_sites[i].Frame != frame || frame == 0)
                continue;
            var same = _sites[i].Rip == rip;
            _sites[i] = default;
            return same;
        }
        return false;
    }

    internal void Clear() => Array.Clear(_sites);
}
