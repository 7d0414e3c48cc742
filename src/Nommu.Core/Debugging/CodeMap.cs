using Nommu.Core.Fs;
using Nommu.Core.Loader;
using Nommu.Core.Loader.Elf;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Debugging;

/// <summary>A program or library in a process's memory.</summary>
/// <param name="Path">Its file, for people.</param>
/// <param name="Bias">What is to be added to the addresses that the file says; 0 where it is no ELF file.</param>
/// <param name="Image">The file; null where it is no ELF file, or can't be read.</param>
internal sealed record CodeModule(string Path, ulong Bias, ElfImage? Image);

/// <summary>From addresses of a process to files, offsets and functions. Reads each file once, when it is asked for; to be disposed of.</summary>
internal sealed class CodeMap(GuestThread thread) : IDisposable
{
    private readonly VmAreaInfo[] _areas = thread.Space.Snapshot();
    private readonly Dictionary<FsPath, (ElfImage? Image, ProgramContents? Contents)> _files = [];

    public void Dispose()
    {
        foreach (var (_, contents) in _files.Values)
            contents?.Dispose();
    }

    /// <summary>Whether code may be run there.</summary>
    internal bool IsCode(ulong address) => TryFind(address, out var area) && (area.Protection & Abi.MapProtection.PROT_EXEC) != 0;

    /// <summary>The program or library that an address lies in.</summary>
    internal CodeModule? ModuleAt(ulong address)
    {
        if (!TryFind(address, out var area) || area.Path.Dentry is null)
            return null;
        var path = PathNaming.DescribeAsText(area.Path);
        if (ImageOf(area) is not { } image)
            return new CodeModule(path, 0, null);
        foreach (var header in image.ProgramHeaders)
        {
            if (header.Type == ElfSegmentType.PT_LOAD && Arena.PageDown(header.Offset) <= area.Offset && area.Offset < header.Offset + header.FileSize)
                return new CodeModule(path, area.Start - area.Offset + header.Offset - header.VirtualAddress, image);
        }
        return new CodeModule(path, 0, image);
    }

    /// <summary>As <c>/lib/libc.so+0x1234 (strlen+0x12)</c>: the file, the offset in it, the function.</summary>
    internal string Describe(ulong address)
    {
        if (!TryFind(address, out var area))
            return "not mapped";
        if (area.Path.Dentry is null)
            return $"{area.Name ?? "[anonymous]"}+0x{address - area.Start:x}";
        var module = ModuleAt(address)!;
        var place = $"{module.Path}+0x{address - area.Start + area.Offset:x}";
        return module.Image is { } image && image.TryFindFunction(address - module.Bias, out var name, out var start) ? $"{place} ({name}+0x{address - module.Bias - start:x})" : place;
    }

    private bool TryFind(ulong address, out VmAreaInfo found)
    {
        foreach (var area in _areas)
        {
            if (address < area.Start || address >= area.End)
                continue;
            found = area;
            return true;
        }
        found = default;
        return false;
    }

    private ElfImage? ImageOf(in VmAreaInfo area)
    {
        if (_files.TryGetValue(area.Path, out var known))
            return known.Image;
        if (thread.Space.RetainFile(area.Start) is { } file)
        {
            if (file.Inode is RegularInode && ProgramContents.Read(file, thread.Machine.Arena, out _).TryGet(out var contents))
                known = (ElfImage.Parse(contents.Bytes).TryGet(out var image) ? image : null, contents);
            file.Release();
        }
        _files[area.Path] = known;
        return known.Image;
    }
}
