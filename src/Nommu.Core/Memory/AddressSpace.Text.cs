using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>
/// Program text: what becomes executable from a private mapping of a file is exchanged for its rewritten form before it is. Linux has no counterpart.
/// Whatever is not exchanged (text that was written to, shared mappings, memory that is no file) runs as it is, and its calls trap.
/// </summary>
internal sealed partial class AddressSpace
{
    private readonly List<TextStubs> _stubs = [];

    /// <summary>Some program text in it may use vector registers wider than 128 bits, so calls keep them all.</summary>
    internal bool UsesVectorExtensions { get; private set; }

    /// <summary>Linux: <c>elf_map</c> of a text segment by the loader, which has taken pages for the stubs together with those of the program.</summary>
    /// <param name="request">A private, fixed mapping within the segment.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="stubsAt">Pages taken from the arena, with nothing behind them; they belong to the space when this succeeds.</param>
    internal Errno MapText(in MapRequest request, TextSegment segment, ulong stubsAt)
    {
        lock (_lock)
            return MapText(request, Arena.PageUp(request.Length), segment, stubsAt).Error;
    }

    /// <summary>What a debugger, a signal handler or /proc is to be told of where a program is: addresses in stubs become those of the instructions they stand for.</summary>
    internal ulong ToOriginal(ulong address)
    {
        lock (_lock)
        {
            foreach (var stubs in _stubs)
            {
                if (address - stubs.Start < stubs.Length)
                    return stubs.Segment.TryTranslateToOriginal(address - stubs.Start, out var offset) ? stubs.TextStart + offset : address;
            }
            return address;
        }
    }

    /// <summary>The way back: where an instruction that was moved into a stub is executed now.</summary>
    internal ulong ToStub(ulong address)
    {
        lock (_lock)
        {
            return Find(address)?.Stubs is { } stubs && stubs.Segment.TryTranslateToStub(address - stubs.TextStart, out var offset) ? stubs.Start + offset : address;
        }
    }

    /// <summary>Whether a <c>call *%rax</c> of ours stands at an address.</summary>
    internal bool IsZpolineSite(ulong address)
    {
        lock (_lock)
            return Find(address) is { Text: { } text } area && text.IsZpolineSite(area.Offset + (address - area.Start) - (ulong)text.FileOffset);
    }

    /// <summary>A system call came from an instruction that was not rewritten.</summary>
    internal void RememberTrappedSite(ulong address)
    {
        lock (_lock)
        {
            if (Find(address) is { Text: { } text } area)
                text.RememberTrappedSite(area.Offset + (address - area.Start) - (ulong)text.FileOffset);
        }
    }

    /// <summary>The last text that jumps to them is gone.</summary>
    internal void Forget(TextStubs stubs)
    {
        _stubs.Remove(stubs);
        if (_isParking || IsInherited(stubs.Start))
            return;
        Arena.Discard(stubs.Start, stubs.Length);
    }

    /// <summary>Maps pages that all lie in one segment.</summary>
    private Result<ulong> MapText(in MapRequest request, ulong length, TextSegment segment, ulong stubsAt)
    {
        var access = request.Protection & VmArea.AccessBits;
        var opened = OpenText(request, segment);
        if (!opened.TryGet(out var mapping))
            return opened.Error;
        var flags = AreaFlags(request) | (IsCharged(access, sharedFile: false) ? VmFlags.Charged : VmFlags.None);
        var placed = PlaceText(request, length, segment, mapping, flags, stubsAt, out var stubs);
        if (!placed.IsOk)
        {
            mapping.Release();
            return placed;
        }
        Insert(new VmArea
        {
            Start = placed.Value,
            End = placed.Value + length,
            Protection = access,
            Flags = flags,
            Backing = VmBacking.HostFile,
            Mapping = mapping,
            Offset = (ulong)request.Offset,
            Stubs = stubs,
            Text = segment.Retain(),
        });
        return placed;
    }

    private Result<FileMapping> OpenText(in MapRequest request, TextSegment segment) =>
        segment.SharesFile ? OpenMapping(request, request.File!.Pages!) : new FileMapping(request.File!);

    private Result<ulong> PlaceText(in MapRequest request, ulong length, TextSegment segment, FileMapping mapping, VmFlags flags, ulong stubsAt, out TextStubs? stubs)
    {
        stubs = null;
        var charge = (flags & VmFlags.Charged) != 0 ? (long)(length / Arena.PageSize) : 0;
        if (!Arena.TryCharge(charge))
            return Errno.ENOMEM;
        var placed = Place(request, length, out _);
        if (placed.TryGet(out var address))
        {
            var error = PutText(address, length, request.Protection & VmArea.AccessBits, segment, mapping, request.Offset - segment.FileOffset, stubsAt, out stubs);
            if (error == Errno.None)
                return placed;
            GiveBack(address, address + length);
            placed = error;
        }
        Arena.Uncharge(charge);
        return placed;
    }

    /// <summary>Exchanges as much of an area as lies in one segment, from its start on; the rest is cut off. The area keeps its protection: it becomes executable afterwards.</summary>
    private Errno ExchangeText(VmArea area)
    {
        if (area.Text is not null || area.Mapping is null || area.IsShared || (area.Flags & VmFlags.Written) != 0 || _hasOwnGs || _texts?.Find(area.Mapping.File, (long)area.Offset, area.Length) is not { } segment)
        {
            // Code that nobody has looked at may use anything.
            UsesVectorExtensions |= area.Text is null;
            return Errno.None;
        }
        try
        {
            if (segment.UsesGs)
                return TakeGs();
            if (segment.FileOffset > (long)area.Offset)
            {
                SplitAt(area.Start + (ulong)(segment.FileOffset - (long)area.Offset));
                return Errno.None;
            }
            if (segment.FileEnd < (long)(area.Offset + area.Length))
                SplitAt(area.Start + (ulong)(segment.FileEnd - (long)area.Offset));
            var error = PutText(area.Start, area.Length, area.Protection, segment, area.Mapping, (long)area.Offset - segment.FileOffset, 0, out var stubs);
            if (error == Errno.None)
                (area.Stubs, area.Text, area.Backing) = (stubs, segment.Retain(), VmBacking.HostFile);
            return error;
        }
        finally
        {
            segment.Release();
        }
    }

    /// <summary>Puts pages of a segment, and its stubs if they are not there yet, in the place of whatever the host has there. They become executable as a whole, so nobody runs them half patched.</summary>
    private Errno PutText(ulong address, ulong length, MapProtection access, TextSegment segment, FileMapping mapping, long offset, ulong stubsAt, out TextStubs? stubs)
    {
        var textStart = address - (ulong)offset;
        stubs = _stubs.Find(known => known.TextStart == textStart && known.Segment == segment)?.Retain();
        var isNew = stubs is null && segment.StubLength != 0;
        var isTakenHere = isNew && stubsAt == 0;
        if (isTakenHere && (stubsAt = FindStubRoom(segment, textStart)) == 0)
            return Errno.ENOMEM;
        var distance = stubs is not null ? stubs.Start - textStart : isNew ? stubsAt - textStart : segment.StubDistance;
        var error = MapPages(address, length, access, segment, mapping, offset, (long)distance, isNew ? stubsAt : 0);
        if (error != Errno.None)
        {
            stubs?.Release();
            if (isTakenHere)
                Arena.Discard(stubsAt, segment.StubLength);
            return error;
        }
        if (isNew)
            _stubs.Add(stubs = new TextStubs(this, stubsAt, textStart, segment));
        UsesVectorExtensions |= segment.UsesVectorExtensions;
        return Errno.None;
    }

    /// <summary>The stubs come first, then the file's own pages, then those that jump to the stubs: whoever runs them in between finds each jump with its stub.</summary>
    private static Errno MapPages(ulong address, ulong length, MapProtection access, TextSegment segment, FileMapping mapping, long offset, long distance, ulong stubsAt)
    {
        if (segment.PagesFor(distance, out var isOwn) is not { } pages)
            return Errno.ENOMEM;
        var error = Errno.None;
        if (stubsAt != 0)
            error = HostMemory.MapFile(stubsAt, segment.StubLength, MapProtection.PROT_READ | MapProtection.PROT_EXEC, shared: false, pages.File.Descriptor, pages.StubsOffset);
        if (error == Errno.None && segment.SharesFile)
            error = MapFilePages(address, length, access, mapping, segment.FileOffset + offset);
        foreach (var piece in pages.Pieces)
        {
            var start = Math.Max(piece.Start, (ulong)offset);
            var end = Math.Min(piece.End, (ulong)offset + length);
            if (start < end && error == Errno.None)
                error = HostMemory.MapFile(address + (start - (ulong)offset), end - start, access, shared: false, pages.File.Descriptor, piece.Offset + (long)(start - piece.Start));
        }
        if (isOwn)
            pages.Dispose();
        return error;
    }

    private static Errno MapFilePages(ulong address, ulong length, MapProtection access, FileMapping mapping, long offset)
    {
        var runs = new List<MappedRun>();
        var error = mapping.Pages!.Locate(offset, (long)length, runs);
        return error == Errno.None ? PutPages(address, length, access, isShared: false, mapping.Pages, runs) : error;
    }

    private ulong FindStubRoom(TextSegment segment, ulong textStart)
    {
        var preferred = textStart + segment.StubDistance;
        return Arena.TryReserve(preferred, segment.StubLength) ? preferred : Arena.ReserveNear(textStart, segment.StubLength);
    }
}
