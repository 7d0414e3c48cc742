using Nommu.Core.Abi;
using Nommu.Core.Host;
using Nommu.Core.Loader.Elf;
using Nommu.Core.Memory;
using Nommu.Core.Time;

namespace Nommu.Core.Loader;

/// <summary>Linux: arch/x86/entry/vdso. Differs: every process sees the same pages at the same address, since all live in one arena; mapping them costs nothing.</summary>
internal sealed class Vdso : IDisposable
{
    private const ulong Length = 2 * Arena.PageSize;

    private readonly Arena _arena;
    private readonly HostMemoryFile _pages = new((long)Length);
    private readonly ulong _start;

    /// <exception cref="InsufficientMemoryException">There is no room for two pages.</exception>
    internal Vdso(Arena arena, KernelClock clock)
    {
        _arena = arena;
        _start = arena.Reserve(Length);
        var functions = new List<VdsoFunction>();
        var code = new VdsoCode(clock.IsSystem ? HostVdso.Targets() : default, _start, _start + sizeof(uint)).Emit(Address + VdsoFile.CodeOffset, functions);
        VdsoFile.Make(code, functions).CopyTo(_pages.Span((long)Arena.PageSize, (int)Arena.PageSize));
        if (_start == 0 || HostMemory.MapFile(_start, Arena.PageSize, MapProtection.PROT_READ, shared: true, _pages.Descriptor, 0) != Errno.None
            || HostMemory.MapFile(Address, Arena.PageSize, MapProtection.PROT_READ | MapProtection.PROT_EXEC, shared: true, _pages.Descriptor, (long)Arena.PageSize) != Errno.None)
            throw new InsufficientMemoryException("No memory for the vDSO.");
        clock.RealtimeWasSet = () => _pages.Span(0, 1)[0] = 1;
        arena.GsWasTaken = () => _pages.Span(sizeof(uint), 1)[0] = 1;
    }

    /// <summary>AT_SYSINFO_EHDR.</summary>
    internal ulong Address => _start + Arena.PageSize;

    /// <summary>Puts it into a process.</summary>
    internal void AddTo(AddressSpace space)
    {
        space.Borrow(_start, Address, MapProtection.PROT_READ, "[vvar]");
        space.Borrow(Address, _start + Length, MapProtection.PROT_READ | MapProtection.PROT_EXEC, "[vdso]");
    }

    public void Dispose()
    {
        _arena.Discard(_start, Length);
        _pages.Dispose();
    }
}

/// <summary>The vDSO that the host's kernel has given this process.</summary>
internal static class HostVdso
{
    private const int ElfHeaderSize = 64;

    /// <summary>The functions it has.</summary>
    internal static VdsoTargets Targets()
    {
        var address = HostProcessor.VdsoAddress;
        if (address == 0)
            return default;
        // Its section headers stand at its end, so they tell how long it is.
        var header = HostMemory.Span(address, ElfHeaderSize);
        var length = BitConverter.ToUInt64(header[40..]) + ((ulong)BitConverter.ToUInt16(header[58..]) * BitConverter.ToUInt16(header[60..]));
        if (length is < ElfHeaderSize or > 1 << 20 || !ElfImage.Parse(HostMemory.Span(address, (int)length).ToArray()).TryGet(out var image))
            return default;
        return new VdsoTargets(Find("__vdso_clock_gettime"u8), Find("__vdso_gettimeofday"u8), Find("__vdso_time"u8), Find("__vdso_getcpu"u8));

        ulong Find(ReadOnlySpan<byte> name) => image.FindSymbol(name) is not 0 and var value ? address + value - image.LowAddress : 0;
    }
}
