namespace Nommu.Core.Loader;

/// <summary>What <see cref="ElfFormat"/> leaves to its kernel.</summary>
internal sealed record ElfFormatOptions
{
    /// <summary>Bytes of stack for a program whose PT_GNU_STACK names no size. All of it counts as in use, as there is nobody to take it from later.</summary>
    internal ulong StackSize { get; init; } = 1 << 20;

    /// <summary>Bytes of address space that brk(2) may grow into; less where the arena is small.</summary>
    internal ulong HeapReserve { get; init; } = 64 << 20;
}
