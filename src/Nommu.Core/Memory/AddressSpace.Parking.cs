using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>Leaving a program's mappings in place for its next execution, and taking such over.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>More than this is not put back by hand.</summary>
    private const ulong MostByHand = 64 * Arena.PageSize;

    private ParkedImage? _image;
    private bool _isParking;

    /// <summary>Takes note of what has been loaded, before anything is on the stack.</summary>
    /// <param name="keeper">Who keeps it when it ends.</param>
    /// <param name="program">The program.</param>
    /// <param name="interpreter">Its interpreter, if it has one.</param>
    internal void Remember(IImageKeeper keeper, FileDescription program, FileDescription? interpreter)
    {
        lock (_lock)
        {
            if (_hasOwnGs || _hasGrowing)
                return;
            var areas = new List<ParkedArea>();
            foreach (var area in _areas)
            {
                if (area.Backing == VmBacking.Borrowed)
                    continue;
                if (!area.IsShared && (area.Mapping is null || area.File == program || area.File == interpreter) && (!area.IsWritable || area.Mapping is null || area.Length <= MostByHand))
                    areas.Add(ToParked(area, interpreter));
                else
                    return;
            }
            _image = new ParkedImage
            {
                Areas = areas,
                Stubs = [.. _stubs.Select(stubs => (stubs.Start, stubs.TextStart, stubs.Segment))],
                Layout = Layout,
                BrkStart = StartBrk,
                BrkEnd = _brkReserveEnd,
                UsesVectorExtensions = UsesVectorExtensions,
                Keeper = keeper,
                WritablePages = areas.Sum(area => area.IsWritable ? (long)((area.End - area.Start) / Arena.PageSize) : 0),
            };
        }
    }

    private ParkedArea ToParked(VmArea area, FileDescription? interpreter) => new(area.Start, area.End, area.Protection, area.Flags & ~VmFlags.Pooled, area.Backing, area.Offset, area.Name)
    {
        File = area.Mapping is null ? ImageFile.None : area.File == interpreter ? ImageFile.Interpreter : ImageFile.Program,
        Text = area.Text,
        Stubs = area.Stubs is { } stubs ? _stubs.IndexOf(stubs) : -1,
        Contents = area.Mapping is not null && area.IsWritable ? HostMemory.Span(area.Start, (int)area.Length).ToArray() : null,
    };

    /// <summary>Makes a parked image this space's own, as it was at first. The space is empty.</summary>
    /// <param name="image">The image; given up by its keeper.</param>
    /// <param name="program">The program's file.</param>
    /// <param name="interpreter">The interpreter's.</param>
    /// <returns>ENOMEM: then it is gone.</returns>
    internal Errno Adopt(ParkedImage image, FileDescription program, FileDescription? interpreter)
    {
        lock (_lock)
        {
            var error = PutBack(image);
            if (error == Errno.None && !Arena.TryCharge(image.Areas.Sum(static area => (area.Flags & VmFlags.Charged) != 0 ? (long)((area.End - area.Start) / Arena.PageSize) : 0)))
                error = Errno.ENOMEM;
            if (error != Errno.None)
            {
                image.Discard(Arena);
                return error;
            }
            image.Reprotected.Clear();
            image.HasClosedStack = false;
            foreach (var (start, textStart, segment) in image.Stubs)
                _stubs.Add(new TextStubs(this, start, textStart, segment));
            var used = new bool[_stubs.Count];
            foreach (var area in image.Areas)
                _areas.Add(ToArea(area, area.File == ImageFile.Interpreter ? interpreter! : program, used));
            (StartBrk, CurrentBrk, _brkReserveEnd) = (image.BrkStart, image.BrkStart, image.BrkEnd);
            UsesVectorExtensions = image.UsesVectorExtensions;
            Layout.CopyFrom(image.Layout);
            _image = image;
            return Errno.None;
        }
    }

    private VmArea ToArea(ParkedArea area, FileDescription file, bool[] used)
    {
        TextStubs? stubs = null;
        if (area.Stubs >= 0)
            stubs = used[area.Stubs] ? _stubs[area.Stubs].Retain() : _stubs[area.Stubs];
        if (area.Stubs >= 0)
            used[area.Stubs] = true;
        return new VmArea
        {
            Start = area.Start,
            End = area.End,
            Protection = area.Protection,
            Flags = area.Flags,
            Backing = area.Backing,
            Mapping = area.File == ImageFile.None ? null : MappingOf(area, file),
            Offset = area.Offset,
            Name = area.Name,
            Text = area.Text?.Retain(),
            Stubs = stubs,
        };
    }

    private FileMapping MappingOf(ParkedArea area, FileDescription file)
    {
        if (area.Backing != VmBacking.HostFile || area.Text is { SharesFile: false } || file.Pages is not { } pages)
            return new FileMapping(file);
        return pages.Map(false, this) == Errno.None ? new FileMapping(file, pages, false, null, this) : new FileMapping(file);
    }

    /// <summary>What has been written to is as it was.</summary>
    private Errno PutBack(ParkedImage image)
    {
        foreach (var (start, end, protection) in image.Reprotected)
        {
            if (HostMemory.Protect(start, end - start, protection) is not Errno.None and var refused)
                return refused;
        }
        foreach (var area in image.Areas)
        {
            if (!area.IsWritable)
                continue;
            var length = area.End - area.Start;
            if (area.Contents is { } contents)
                contents.CopyTo(HostMemory.Span(area.Start, contents.Length));
            else if (area.Name != StackName)
                Clear(area.Start, length);
            else if (area.Protection != ReadWrite)
                Clear(area.Start, length);
            else if (CloseStack(image, area.Start, area.End) is not Errno.None and var error)
                return error;
        }
        return Errno.None;
    }

    private static void Clear(ulong start, ulong length)
    {
        if (length <= ClearByHand)
            HostMemory.Clear(start, length);
        else
            _ = HostMemory.Forget(start, length);
    }

    /// <summary>Leaves only the upper part of a stack open, and clears it.</summary>
    private Errno CloseStack(ParkedImage image, ulong start, ulong end)
    {
        var open = end - start > 2 * OpenStack ? end - OpenStack : start;
        if (open > start)
        {
            if (!image.HasClosedStack && HostMemory.Discard(start, open - start) is not Errno.None and var error)
                return error;
            (_closedStart, _closedEnd, _closedLimit) = (start, open, open);
        }
        HostMemory.Clear(open, end - open);
        return Errno.None;
    }

    /// <summary>The image, if the program has left its mappings so that they can be put back.</summary>
    private ParkedImage? ToPark()
    {
        if (_image is not { } image || _family is not null || _hasOwnGs || _leftStubs.Count > 0)
            return null;
        foreach (var area in image.Areas)
        {
            if (!IsAsLoaded(image, area))
            {
                image.Reprotected.Clear();
                return null;
            }
        }
        image.HasClosedStack = HasClosedStack;
        return image;
    }

    private bool IsAsLoaded(ParkedImage image, ParkedArea area)
    {
        var at = area.Start;
        for (var index = IndexAtOrAfter(at); at < area.End; index++)
        {
            if (index >= _areas.Count || _areas[index].Start > at)
                return false;
            var found = _areas[index];
            const VmFlags Foreign = VmFlags.Shared | VmFlags.Guarded;
            if (found.Backing != area.Backing || found.Text != area.Text || (found.Flags & Foreign) != 0 || (found.Mapping is null) != (area.File == ImageFile.None))
                return false;
            // A mapping of something else, or text and constants that were written to.
            if (found.Mapping is not null && (found.Offset - found.Start != area.Offset - area.Start || (!area.IsWritable && (found.Flags & VmFlags.Written) != 0)))
                return false;
            var end = Math.Min(found.End, area.End);
            if (found.Protection != area.Protection)
                image.Reprotected.Add((at, end, area.Protection));
            at = end;
        }
        return true;
    }
}
