using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: <c>task_statm</c> and <c>task_mem</c>: how much memory a process has of which kind, in bytes.</summary>
/// <param name="Size">All of its mappings.</param>
/// <param name="Data">Private and writable, without the stack.</param>
/// <param name="Stack">The stack.</param>
/// <param name="Code">The program's own text.</param>
/// <param name="Libraries">Text of other files.</param>
/// <param name="Locked">Held in memory by mlock(2).</param>
/// <param name="Resident">What of it is in memory.</param>
internal readonly record struct MemoryFigures(ulong Size, ulong Data, ulong Stack, ulong Code, ulong Libraries, ulong Locked, ResidentPages Resident)
{
    internal static MemoryFigures Of(AddressSpace memory)
    {
        ulong size = 0, data = 0, stack = 0, text = 0, locked = 0;
        foreach (var area in memory.Snapshot())
        {
            var length = area.End - area.Start;
            size += length;
            if ((area.Flags & VmFlags.Locked) != 0)
                locked += length;
            if ((area.Flags & VmFlags.GrowsDown) != 0 || area.Name == "[stack]")
                stack += length;
            else if ((area.Protection & MapProtection.PROT_WRITE) != 0 && (area.Flags & VmFlags.Shared) == 0)
                data += length;
            else if ((area.Protection & MapProtection.PROT_EXEC) != 0)
                text += length;
        }
        var code = Arena.PageUp(memory.Layout.EndCode) - Arena.PageDown(memory.Layout.StartCode);
        return new MemoryFigures(size, data, stack, code, text > code ? text - code : 0, locked, memory.CountResident());
    }
}
