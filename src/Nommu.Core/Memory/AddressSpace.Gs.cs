using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>
/// Programs that use the GS segment themselves (arch_prctl(2), FSGSBASE). Rewritten text finds the kernel through GS, so such a process gets its text back as it was, and its calls trap. Linux has no counterpart.
/// </summary>
internal sealed partial class AddressSpace
{
    /// <summary>Stubs that nothing jumps to any more, but in which threads may be still.</summary>
    private readonly List<TextStubs> _leftStubs = [];

    private volatile bool _hasOwnGs;

    /// <summary>GS is the program's own: each thread's host loads it on the way in.</summary>
    internal bool HasOwnGs => _hasOwnGs;

    /// <summary>Makes GS the program's own from now on; for good, as far as this program goes. Threads go over to it when they come back from the kernel, each at the original address of where it was.</summary>
    /// <returns>ENOMEM.</returns>
    internal Errno TakeGs()
    {
        lock (_lock)
        {
            if (_hasOwnGs)
                return Errno.None;
            Arena.GsWasTaken?.Invoke();
            for (var index = 0; index < _areas.Count;)
            {
                var area = _areas[index];
                var error = area.Text is null ? Errno.None : Unrewrite(area);
                if (error != Errno.None)
                    return error;
                index = IndexAtOrAfter(area.End);
            }
            _hasOwnGs = true;
            return Errno.None;
        }
    }

    /// <summary>Page by page it is either the one or the other, whoever runs there: both have instructions at the same places, and the stubs stay.</summary>
    private Errno Unrewrite(VmArea area)
    {
        BeforeChange(area.Start, area.End);
        if (area.Stubs is { } stubs)
            _leftStubs.Add(stubs.Retain());
        if ((area.Flags & VmFlags.Written) == 0)
            return MapAsItIs(Continuing(area, area.Start, area.Length, MapFlags.MAP_FIXED), area.Length).Error;
        // It may differ from the file: of what we put there, what is still there is taken away.
        var error = HostMemory.Protect(area.Start, area.Length, ReadWrite | MapProtection.PROT_EXEC);
        if (error != Errno.None)
            return error;
        area.Text!.Restore(area.Offset - (ulong)area.Text.FileOffset, HostMemory.Span(area.Start, (int)area.Length));
        area.Stubs?.Release();
        area.Text.Release();
        (area.Stubs, area.Text) = (null, null);
        return HostMemory.Protect(area.Start, area.Length, area.Protection);
    }
}
