using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Loader.Elf;
using Nommu.Core.Memory;

namespace Nommu.Core.Loader;

/// <summary>
/// Linux: the part of <c>load_elf_binary</c> that calls <c>elf_map</c>. Takes one piece of the arena for an image, the stubs of its text and, for a program, its heap, in this order; and maps the segments into it.
/// </summary>
internal sealed class ElfPlacement
{
    /// <summary>Segments want no more than huge pages; a file that says more is not worth an error.</summary>
    private const ulong LargestAlignment = 1UL << 30;

    private const ulong SmallestHeap = 1 << 20;

    private readonly AddressSpace _space = null!;
    private readonly FileDescription _file = null!;
    private readonly ProgramFile _program;
    private ulong _nextStubs;
    private int _nextSegment;

    private ElfPlacement(ProgramFile program, ulong bias) => (_program, Bias) = (program, bias);

    private ElfPlacement(AddressSpace space, FileDescription file, ProgramFile program) => (_space, _file, _program) = (space, file, program);

    /// <summary>What to add to an address of the file.</summary>
    internal ulong Bias { get; private set; }

    internal ulong Entry => _program.Image.Entry + Bias;

    /// <summary>An image that is mapped already.</summary>
    internal static ElfPlacement Of(ProgramFile program, ulong bias) => new(program, bias);

    /// <summary>Maps an image.</summary>
    /// <param name="space">Where to; what a failure leaves there goes with it.</param>
    /// <param name="file">The file.</param>
    /// <param name="program">What is known of it.</param>
    /// <param name="heap">Bytes behind it to reserve for brk(2); 0 for an interpreter.</param>
    /// <returns>ENOMEM; ENOEXEC where a fixed address is not free.</returns>
    internal static Result<ElfPlacement> Map(AddressSpace space, FileDescription file, ProgramFile program, ulong heap)
    {
        var placement = new ElfPlacement(space, file, program);
        var error = placement.Map(heap);
        return error == Errno.None ? placement : error;
    }

    private Errno Map(ulong heap)
    {
        var image = _program.Image;
        var low = Arena.PageDown(image.LowAddress);
        var length = Arena.PageUp(image.HighAddress) - low;
        var arena = _space.Arena;
        var start = image.Type == ElfType.ET_EXEC ? ReserveFixed(low, length + _program.StubLength, ref heap) : arena.Reserve(length + _program.StubLength + heap, Alignment(image));
        if (start == 0)
            return image.Type == ElfType.ET_EXEC ? Errno.ENOEXEC : Errno.ENOMEM;
        Bias = start - low;
        _space.AdoptReserved(start, start + length);
        _nextStubs = start + length;
        var stubsEnd = _nextStubs + _program.StubLength;
        if (heap != 0)
            _space.SetBrkReserve(stubsEnd, stubsEnd + heap);
        var error = MapSegments(start);
        if (_nextStubs < stubsEnd)
            arena.Discard(_nextStubs, stubsEnd - _nextStubs); // after an error
        return error;
    }

    /// <summary>The place that the program says, with as much room for the heap behind it as there is.</summary>
    private ulong ReserveFixed(ulong start, ulong length, ref ulong heap)
    {
        for (; heap >= SmallestHeap; heap = Arena.PageDown(heap / 2))
        {
            if (TryReserveFixed(start, length + heap))
                return start;
        }
        heap = 0;
        return TryReserveFixed(start, length) ? start : 0;
    }

    private bool TryReserveFixed(ulong start, ulong length) => _space.IsInFixed(start, length) || _space.Arena.TryReserveFixed(start, length);

    private Errno MapSegments(ulong end)
    {
        foreach (var header in _program.Image.ProgramHeaders)
        {
            if (header.Type != ElfSegmentType.PT_LOAD)
                continue;
            var start = Arena.PageDown(header.VirtualAddress) + Bias;
            if (start > end)
                _ = _space.Unmap(end, start - end); // between segments is nothing
            var error = MapContents(header);
            if (error == Errno.None)
                error = MapZeros(header);
            if (error != Errno.None)
                return error;
            end = Math.Max(end, Arena.PageUp(header.MemoryEnd) + Bias);
        }
        return Errno.None;
    }

    private Errno MapContents(in ElfProgramHeader header)
    {
        if (header.FileSize == 0)
            return Errno.None;
        var start = Arena.PageDown(header.VirtualAddress);
        var request = new MapRequest(
            start + Bias, Arena.PageUp(header.FileEnd) - start, Protection(header), MapFlags.MAP_PRIVATE | MapFlags.MAP_FIXED, _file, (long)Arena.PageDown(header.Offset));
        if (!ProgramFile.HoldsText(header))
            return _space.Map(request).Error;
        var segment = _program.Segments[_nextSegment++];
        if (_space.HasOwnGs || segment.UsesGs)
            return _space.TakeGs() is var failed and not Errno.None ? failed : _space.Map(request).Error;
        var error = _space.MapText(request, segment, segment.StubLength == 0 ? 0 : _nextStubs);
        if (error == Errno.None)
            _nextStubs += segment.StubLength;
        return error;
    }

    /// <summary>Linux: <c>padzero</c> and <c>set_brk</c>: what is longer in memory than in the file is zero there.</summary>
    private Errno MapZeros(in ElfProgramHeader header)
    {
        if (header.MemorySize <= header.FileSize)
            return Errno.None;
        var from = header.FileEnd;
        var pages = header.FileSize == 0 ? Arena.PageDown(from) : Arena.PageUp(from);
        if (from < pages && header.IsWritable)
        {
            Span<byte> zeros = stackalloc byte[(int)Arena.PageSize];
            zeros.Clear();
            var error = _space.Memory.Write(from + Bias, zeros[..(int)(pages - from)]);
            if (error != Errno.None)
                return error;
        }
        var end = Arena.PageUp(header.MemoryEnd);
        return end <= pages ? Errno.None
            : _space.Map(new MapRequest(pages + Bias, end - pages, Protection(header), MapFlags.MAP_PRIVATE | MapFlags.MAP_FIXED | MapFlags.MAP_ANONYMOUS)).Error;
    }

    private static MapProtection Protection(in ElfProgramHeader header)
    {
        var protection = MapProtection.PROT_NONE;
        if ((header.Flags & ElfSegmentFlags.PF_R) != 0)
            protection |= MapProtection.PROT_READ;
        if (header.IsWritable)
            protection |= MapProtection.PROT_WRITE;
        if (header.IsExecutable)
            protection |= MapProtection.PROT_EXEC;
        return protection;
    }

    private static ulong Alignment(ElfImage image)
    {
        var alignment = Arena.PageSize;
        foreach (var header in image.ProgramHeaders)
        {
            if (header.Type == ElfSegmentType.PT_LOAD)
                alignment = Math.Max(alignment, Math.Min(header.Alignment, LargestAlignment));
        }
        return alignment;
    }
}
