using Nommu.Core.Abi;
using Nommu.Core.Debugging;
using Nommu.Core.Fs;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>Memory as a debugger is to see it: program text as it was linked, wherever it has been rewritten.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>Longer than what is put in the place of original instructions at one site.</summary>
    private const ulong LongestPatch = 32;

    private Breakpoints? _breakpoints;

    /// <summary>The file that is mapped at an address, held for the caller; null where there is none.</summary>
    internal FileDescription? RetainFile(ulong address)
    {
        lock (_lock)
            return Find(address)?.File?.Retain();
    }

    /// <summary>The programs and libraries whose text is mapped, each once.</summary>
    internal LoadedText[] LoadedTexts()
    {
        var texts = new List<LoadedText>();
        lock (_lock)
        {
            foreach (var area in _areas)
            {
                if (area.Text is not { } text)
                    continue;
                var bias = area.Start - (area.Offset - (ulong)text.FileOffset) - text.Address;
                if (!texts.Exists(known => known.Bias == bias && known.Path == area.File!.Path))
                    texts.Add(new LoadedText(area.File!.Path, bias, area.Start));
            }
        }
        return [.. texts];
    }

    /// <summary>Copies out what may be accessed at all, with the file's own bytes wherever they have been exchanged.</summary>
    /// <returns>Bytes copied.</returns>
    internal int ReadOriginal(ulong address, Span<byte> target)
    {
        var done = 0;
        lock (_lock)
        {
            while (done < target.Length && Find(address + (ulong)done) is { } area && (area.Protection & VmArea.AccessBits) != 0)
            {
                var at = address + (ulong)done;
                var piece = target[done..][..(int)Math.Min((ulong)(target.Length - done), area.End - at)];
                var copied = area.Text is { } text ? ReadText(area, text, at, piece) : CopyOut(at, piece);
                HideBreakpoints(at, piece);
                done += copied;
                if (copied < piece.Length)
                    break;
            }
        }
        return done;
    }

    private void HideBreakpoints(ulong at, Span<byte> piece)
    {
        foreach (var (place, known) in _breakpoints?.Places ?? [])
        {
            if (place - at < (ulong)piece.Length)
                piece[(int)(place - at)] = known.Original;
        }
    }

    /// <summary>Whether an int3 of a debugger stands at an address, which may be in a stub.</summary>
    internal bool IsBreakpoint(ulong address)
    {
        lock (_lock)
            return _breakpoints?.Places.ContainsKey(address) == true;
    }

    /// <summary>Puts an int3 in the place of the instruction that was linked to an address.</summary>
    /// <returns>EFAULT where no private memory is there that may be accessed; none where one stands there already.</returns>
    internal Errno SetBreakpoint(ulong address)
    {
        var place = ToStub(address);
        lock (_lock)
        {
            if (_breakpoints?.Places.ContainsKey(place) == true)
                return Errno.None;
            Span<byte> original = stackalloc byte[1];
            if (Memory.CopyFromUserPartial(original, place) != 0 || !Poke(place, [Breakpoints.Instruction]))
                return Errno.EFAULT;
            _image = null; // its text is no longer as it was
            (_breakpoints ??= new Breakpoints()).Places.Add(place, (original[0], address));
            return Errno.None;
        }
    }

    /// <summary>Takes it away again, if it is there.</summary>
    internal void ClearBreakpoint(ulong address)
    {
        var place = ToStub(address);
        lock (_lock)
        {
            if (_breakpoints is { } breakpoints && breakpoints.Places.Remove(place, out var known))
                _ = Poke(place, [known.Original]);
        }
    }

    /// <summary>Takes all away.</summary>
    internal void ClearBreakpoints()
    {
        lock (_lock)
        {
            foreach (var (place, known) in _breakpoints?.Places ?? [])
                _ = Poke(place, [known.Original]);
            _breakpoints = null;
        }
    }

    /// <summary>For somebody who does not care, as a vfork child of the process that is debugged: the instruction is put back, run, and exchanged again.</summary>
    internal void WithoutBreakpoint(ulong place, Action run)
    {
        byte original;
        lock (_lock)
        {
            if (_breakpoints is null || !_breakpoints.Places.TryGetValue(place, out var known))
                return;
            original = known.Original;
            _ = Poke(place, [original]);
        }
        run();
        lock (_lock)
        {
            if (_breakpoints?.Places.ContainsKey(place) == true)
                _ = Poke(place, [Breakpoints.Instruction]);
        }
    }

    /// <summary>Copies in for a debugger, wherever the memory is the process's own.</summary>
    /// <returns>Bytes copied.</returns>
    internal int WriteAnywhere(ulong address, ReadOnlySpan<byte> source)
    {
        var done = WriteTo(address, source);
        lock (_lock)
        {
            while (done < source.Length)
            {
                var at = address + (ulong)done;
                var piece = source[done..][..(int)Math.Min((ulong)(source.Length - done), Arena.PageSize - (at & (Arena.PageSize - 1)))];
                if (!Poke(at, piece))
                    break;
                done += piece.Length;
            }
        }
        return done;
    }

    /// <summary>Writes within one page whatever its protection is, for which the page stays executable meanwhile. Its copy becomes the process's own, as Linux breaks copy-on-write for ptrace(2).</summary>
    private bool Poke(ulong address, ReadOnlySpan<byte> bytes)
    {
        MapProtection protection;
        if (Find(address) is { } area)
        {
            if (area.IsShared || area.Backing is VmBacking.Reserved or VmBacking.Borrowed)
                return false;
            protection = area.Protection & VmArea.AccessBits;
        }
        else if (_stubs.Exists(stubs => address - stubs.Start < stubs.Length))
        {
            protection = MapProtection.PROT_READ | MapProtection.PROT_EXEC;
        }
        else
        {
            return false;
        }
        var page = Arena.PageDown(address);
        if (HostMemory.Protect(page, Arena.PageSize, VmArea.AccessBits) != Errno.None)
            return false;
        var missing = Memory.CopyToUserPartial(address, bytes);
        return HostMemory.Protect(page, Arena.PageSize, protection) == Errno.None && missing == 0;
    }

    /// <summary>A site counts as exchanged only where all of it is seen.</summary>
    private int ReadText(VmArea area, TextSegment text, ulong at, Span<byte> target)
    {
        var start = Math.Max(area.Start, at - LongestPatch);
        var end = Math.Min(area.End, at + (ulong)target.Length + LongestPatch);
        var bytes = new byte[end - start];
        var missing = Memory.CopyFromUserPartial(bytes, start);
        text.Restore(area.Offset + (start - area.Start) - (ulong)text.FileOffset, bytes);
        bytes.AsSpan((int)(at - start), target.Length).CopyTo(target);
        return Math.Max(0, target.Length - missing);
    }
}

/// <summary>Where the text of a file has been loaded.</summary>
/// <param name="Path">The file.</param>
/// <param name="Bias">What is to be added to the addresses that the file says.</param>
/// <param name="Start">Where its first text is.</param>
internal readonly record struct LoadedText(FsPath Path, ulong Bias, ulong Start);
