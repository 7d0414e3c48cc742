using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using Nommu.Core.Abi;

namespace Nommu.Core.Loader.Elf;

/// <summary>
/// Linux: what <c>load_elf_binary</c> (fs/binfmt_elf.c) knows of a file. Differs: everything is checked once, here, so that every offset and address a parsed image gives out
/// lies in the file or below <see cref="AddressLimit"/>, and sums of them do not overflow.
/// </summary>
/// <remarks>Written against elf(5) and the System V gABI. Hostile input is ENOEXEC with a reason for the log, never an exception.</remarks>
internal sealed partial class ElfImage
{
    /// <summary>TASK_SIZE of a 47-bit user space: no segment reaches past it.</summary>
    internal const ulong AddressLimit = 1UL << 47;

    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const int PageSize = 4096;
    private const int PathMax = 4096;
    private const ushort MachineX8664 = 62;

    private readonly ElfProgramHeader[] _programHeaders;
    private readonly ElfDynamicEntry[] _dynamic;

    private ElfImage(ReadOnlyMemory<byte> file, ElfType type, ulong entry, ulong programHeaderOffset, ElfProgramHeader[] headers, ElfDynamicEntry[] dynamic, string? interpreter)
    {
        (File, Type, Entry, ProgramHeaderOffset, _programHeaders, _dynamic, Interpreter) = (file, type, entry, programHeaderOffset, headers, dynamic, interpreter);
        LowAddress = ulong.MaxValue;
        foreach (var header in headers)
        {
            if (header.Type == ElfSegmentType.PT_GNU_STACK)
                (StackFlags, StackSize) = (header.Flags, header.MemorySize);
            if (header.Type != ElfSegmentType.PT_LOAD)
                continue;
            LowAddress = Math.Min(LowAddress, header.VirtualAddress);
            HighAddress = Math.Max(HighAddress, header.MemoryEnd);
        }
    }

    /// <summary>The same without the file's bytes: what a loader needs once the text has been rewritten. Reading by address answers nothing.</summary>
    internal ElfImage WithoutContents() => new(default, Type, Entry, ProgramHeaderOffset, _programHeaders, [], Interpreter);

    /// <summary>The whole file.</summary>
    internal ReadOnlyMemory<byte> File { get; }

    internal ElfType Type { get; }

    /// <summary>The entry point as the file says it; for ET_DYN relative to the load address.</summary>
    internal ulong Entry { get; }

    /// <summary>Where the program headers lie in the file (<c>e_phoff</c>).</summary>
    internal ulong ProgramHeaderOffset { get; }

    internal ReadOnlySpan<ElfProgramHeader> ProgramHeaders => _programHeaders;

    /// <summary>The dynamic section up to DT_NULL, or nothing.</summary>
    internal ReadOnlySpan<ElfDynamicEntry> Dynamic => _dynamic;

    /// <summary>The path in PT_INTERP, or null. One char per byte (Latin-1), so any path survives.</summary>
    internal string? Interpreter { get; }

    /// <summary>PT_GNU_STACK's flags; null when the file has no such header.</summary>
    internal ElfSegmentFlags? StackFlags { get; }

    /// <summary>PT_GNU_STACK's size, which on nommu is the stack's (fs/binfmt_elf_fdpic.c); 0 when the file leaves it to the system. Any value: what is too much is ENOMEM, not a bad file.</summary>
    internal ulong StackSize { get; }

    /// <summary>The lowest address of a PT_LOAD.</summary>
    internal ulong LowAddress { get; }

    /// <summary>The first address past the last PT_LOAD.</summary>
    internal ulong HighAddress { get; }

    /// <summary>The address at which the program headers lie in memory (AT_PHDR less the load bias): where the PT_LOAD that holds them puts them, as Linux finds it; null when none does.</summary>
    internal ulong? ProgramHeaderAddress
    {
        get
        {
            var size = (ulong)_programHeaders.Length * ProgramHeaderSize;
            foreach (var header in _programHeaders)
            {
                if (header.Type == ElfSegmentType.PT_LOAD && header.Offset <= ProgramHeaderOffset && ProgramHeaderOffset - header.Offset + size <= header.FileSize)
                    return header.VirtualAddress + (ProgramHeaderOffset - header.Offset);
            }
            return null;
        }
    }

    /// <summary>Reads and checks a file.</summary>
    /// <param name="file">The whole file.</param>
    /// <returns>The image, or ENOEXEC.</returns>
    internal static Result<ElfImage> Parse(ReadOnlyMemory<byte> file) => Parse(file, out _);

    /// <summary>Reads and checks a file.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="reason">Why the file was refused, for the log; null when it was not.</param>
    /// <returns>The image, or ENOEXEC.</returns>
    internal static Result<ElfImage> Parse(ReadOnlyMemory<byte> file, out string? reason)
    {
        var bytes = file.Span;
        reason = CheckIdentity(bytes);
        if (reason is not null)
            return Errno.ENOEXEC;
        var type = (ElfType)BinaryPrimitives.ReadUInt16LittleEndian(bytes[16..]);
        var entry = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);
        var offset = BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[56..]);
        if (!TryReadProgramHeaders(bytes, offset, count, out var headers, out reason)
            || !TryCheckSegments(headers, (ulong)bytes.Length, entry, out reason)
            || !TryReadInterpreter(bytes, headers, out var interpreter, out reason))
            return Errno.ENOEXEC;
        return new ElfImage(file, type, entry, offset, headers, ReadDynamic(bytes, headers), interpreter);
    }

    private static string? CheckIdentity(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderSize || !bytes.StartsWith("\x7f"u8) || !bytes[1..].StartsWith("ELF"u8))
            return "not an ELF file";
        if (bytes[4] != 2 || bytes[5] != 1)
            return "not a 64-bit little-endian ELF";
        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes[18..]) != MachineX8664)
            return "not an x86-64 ELF";
        var type = (ElfType)BinaryPrimitives.ReadUInt16LittleEndian(bytes[16..]);
        return type is ElfType.ET_EXEC or ElfType.ET_DYN ? null : "neither an executable nor a shared object";
    }

    private static bool TryReadProgramHeaders(
        ReadOnlySpan<byte> bytes, ulong offset, int count, out ElfProgramHeader[] headers, [NotNullWhen(false)] out string? reason)
    {
        headers = [];
        // Linux takes program headers of this very size only, at least one, and at most 64 KiB of them.
        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes[54..]) != ProgramHeaderSize || count == 0 || count * ProgramHeaderSize > 65536)
        {
            reason = "unusable program header table";
            return false;
        }
        var size = (ulong)(count * ProgramHeaderSize);
        if (offset > (ulong)bytes.Length || size > (ulong)bytes.Length - offset)
        {
            reason = "program headers past the end of the file";
            return false;
        }
        headers = new ElfProgramHeader[count];
        for (var i = 0; i < count; i++)
        {
            var at = bytes.Slice((int)offset + i * ProgramHeaderSize, ProgramHeaderSize);
            headers[i] = new ElfProgramHeader(
                (ElfSegmentType)BinaryPrimitives.ReadUInt32LittleEndian(at), (ElfSegmentFlags)BinaryPrimitives.ReadUInt32LittleEndian(at[4..]),
                BinaryPrimitives.ReadUInt64LittleEndian(at[8..]), BinaryPrimitives.ReadUInt64LittleEndian(at[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(at[32..]), BinaryPrimitives.ReadUInt64LittleEndian(at[40..]), BinaryPrimitives.ReadUInt64LittleEndian(at[48..]));
        }
        reason = null;
        return true;
    }

    private static bool TryCheckSegments(ElfProgramHeader[] headers, ulong fileLength, ulong entry, [NotNullWhen(false)] out string? reason)
    {
        ulong end = 0;
        var loads = 0;
        reason = null;
        foreach (var header in headers)
        {
            if (header.Type is ElfSegmentType.PT_NULL or ElfSegmentType.PT_GNU_STACK)
                continue;
            // Segments of unknown type are nobody's business as long as nobody reads them; those with contents are checked for all types alike, and without contents an offset says nothing, as to Linux.
            if (header.FileSize > 0 && (header.Offset > fileLength || header.FileSize > fileLength - header.Offset))
                reason = "a segment past the end of the file";
            else if (header.VirtualAddress > AddressLimit || header.MemorySize > AddressLimit - header.VirtualAddress || header.FileSize > AddressLimit - header.VirtualAddress)
                reason = "a segment past the end of the address space";
            else if (header.Type == ElfSegmentType.PT_LOAD)
                reason = CheckLoad(header, end);
            if (reason is not null)
                return false;
            if (header.Type != ElfSegmentType.PT_LOAD)
                continue;
            loads++;
            end = header.MemoryEnd;
        }
        if (loads == 0)
            reason = "nothing to load";
        else if (entry > AddressLimit)
            reason = "the entry point is past the end of the address space"; // As Linux: a wild one below is the program's own SIGSEGV.
        return reason is null;
    }

    private static string? CheckLoad(in ElfProgramHeader header, ulong end)
    {
        if (header.FileSize > header.MemorySize)
            return "a segment larger in the file than in memory";
        if (header.Alignment > 1 && !BitOperations.IsPow2(header.Alignment))
            return "a segment's alignment is no power of two";
        if (((header.VirtualAddress ^ header.Offset) & (PageSize - 1)) != 0)
            return "a segment that is not page aligned";
        return header.VirtualAddress < end ? "segments out of order or overlapping" : null;
    }

    private static bool TryReadInterpreter(ReadOnlySpan<byte> bytes, ElfProgramHeader[] headers, out string? interpreter, [NotNullWhen(false)] out string? reason)
    {
        (interpreter, reason) = (null, null);
        foreach (var header in headers)
        {
            if (header.Type != ElfSegmentType.PT_INTERP)
                continue;
            if (header.FileSize is < 2 or > PathMax)
            {
                reason = "an interpreter path of unusable length";
                return false;
            }
            var path = bytes.Slice((int)header.Offset, (int)header.FileSize);
            if (path[^1] != 0)
            {
                reason = "an interpreter path without its end";
                return false;
            }
            interpreter = System.Text.Encoding.Latin1.GetString(path[..path.IndexOf((byte)0)]);
            break;
        }
        return true;
    }
}
