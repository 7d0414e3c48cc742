using Nommu.Core.Loader.Elf;

namespace Nommu.Core.Rewriter;

/// <summary>Linux: the file's part of an executable PT_LOAD (elf(5)), or an executable mapping without a file's headers. What a strategy gets to read.</summary>
public sealed class ExecutableText
{
    /// <summary>Where in the GS segment a detour finds the address of the kernel's entry, unless a caller says otherwise.</summary>
    private const int DefaultEntryOffset = Execution.GuestContext.SyscallEntryOffset;

    private readonly Lazy<List<ElfImage.NamedAddress>> _symbols;
    private readonly Lazy<List<ElfImage.FunctionStart>> _functions;

    internal ExecutableText(
        ReadOnlyMemory<byte> bytes, ulong address, ElfImage? image = null, bool beginsWithCode = true, IEnumerable<int>? knownSites = null, int entryOffset = DefaultEntryOffset)
    {
        (Bytes, Address, Image, BeginsWithCode, EntryOffset) = (bytes, address, image, beginsWithCode, entryOffset);
        _symbols = new(() => image?.ReadSymbols() ?? []);
        _functions = new(() => image?.ReadFunctionTable() ?? []);
        KnownSites = knownSites is null ? [] : [.. knownSites.Order()];
    }

    /// <summary>The code.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Its address as the file says it, before any load bias.</summary>
    public ulong Address { get; }

    /// <summary>Offsets at which a <c>syscall</c> instruction has been executed (and trapped) in earlier runs of this file, ascending: instructions beyond doubt.</summary>
    public IReadOnlyList<int> KnownSites { get; }

    /// <summary>The displacement of the entry's address in the GS segment: a stub ends in <c>jmp qword ptr gs:[EntryOffset]</c>, with rcx holding the address to return to.</summary>
    public int EntryOffset { get; }

    /// <summary>The file around it: symbols, unwind tables and data, from which leaders are read.</summary>
    internal ElfImage? Image { get; }

    /// <summary>True when the first byte is the start of an instruction: not so where a linker put the file's headers and its code into one segment.</summary>
    internal bool BeginsWithCode { get; }

    internal List<ElfImage.NamedAddress> Symbols => _symbols.Value;

    internal List<ElfImage.FunctionStart> Functions => _functions.Value;

    /// <summary>The text of every executable PT_LOAD of a file.</summary>
    /// <param name="image">The file.</param>
    /// <param name="knownSites">Addresses (as the file says them) of sites that have trapped before.</param>
    /// <param name="entryOffset">See <see cref="EntryOffset"/>.</param>
    internal static List<ExecutableText> FromImage(ElfImage image, IReadOnlyCollection<ulong>? knownSites = null, int entryOffset = DefaultEntryOffset)
    {
        var texts = new List<ExecutableText>();
        foreach (var header in image.ProgramHeaders)
        {
            if (header.Type != ElfSegmentType.PT_LOAD || !header.IsExecutable || header.FileSize == 0)
                continue;
            var bytes = image.File.Slice((int)header.Offset, (int)header.FileSize);
            var known = knownSites?.Where(site => site >= header.VirtualAddress && site < header.FileEnd).Select(site => (int)(site - header.VirtualAddress));
            texts.Add(new ExecutableText(bytes, header.VirtualAddress, image, beginsWithCode: header.Offset != 0, known, entryOffset));
        }
        return texts;
    }
}
