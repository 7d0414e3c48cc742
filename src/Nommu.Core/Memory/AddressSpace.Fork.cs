using Nommu.Core.Abi;
using Nommu.Core.Memory.Families;

namespace Nommu.Core.Memory;

/// <summary>fork(2). Linux: <c>dup_mmap</c>.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>Makes it a member of a family, if it is none yet.</summary>
    /// <param name="createTimer">Makes timers of the host's own time.</param>
    internal Family Found(Func<TimerCallback, object, ITimer> createTimer)
    {
        lock (_lock)
            return _family ??= new Family(Arena, this, createTimer);
    }

    /// <summary>A child's memory, with the same at the same addresses. Only the caller runs in the family (<see cref="Families.Family.BeginAlone"/>).</summary>
    /// <param name="stackPointer">The caller's.</param>
    /// <returns>ENOMEM.</returns>
    internal Result<AddressSpace> Fork(ulong stackPointer)
    {
        lock (_lock)
        {
            if (Arena.Account.Used >= Arena.Limit)
                return Errno.ENOMEM;
            EmptyGaps();
            OpenStackWithin(0, ulong.MaxValue);
            var family = _family!;
            lock (family.Lock)
            {
                AddNewMemory(family, 0, ulong.MaxValue);
                foreach (var area in _areas)
                {
                    if ((area.Flags & (VmFlags.DontFork | VmFlags.WipeOnFork)) == 0)
                        continue;
                    foreach (var part in _parts)
                        part.Memory.Withhold(area.Start, area.End);
                }
                var child = CloneFor(family);
                var contents = PrivateContentsWithin(0, ulong.MaxValue);
                contents.RemoveAll(range => (Find(range.Start)!.Flags & (VmFlags.DontFork | VmFlags.WipeOnFork)) != 0);
                foreach (var part in _parts)
                {
                    var own = new FamilyPart(child, part.Memory);
                    child._parts.Add(own);
                    part.Memory.Fork(own, contents, stackPointer);
                }
                family.Add();
                return child;
            }
        }
    }

    /// <summary>What it has had alone until now it has in common with its child from now on.</summary>
    /// <param name="family">The family.</param>
    /// <param name="from">Only what lies from here on,</param>
    /// <param name="to">and ends here.</param>
    private void AddNewMemory(Family family, ulong from, ulong to)
    {
        var owned = new AddressRanges();
        foreach (var area in _areas)
        {
            if (area.Backing != VmBacking.Borrowed)
                owned.Add(area.Start, area.End);
        }
        for (var i = 0; i < _gaps.Count; i++)
            owned.Add(_gaps[i].Start, _gaps[i].End);
        foreach (var stubs in _stubs)
            owned.Add(stubs.Start, stubs.Start + stubs.Length);
        if (StartBrk < _brkReserveEnd)
            owned.Add(StartBrk, _brkReserveEnd);
        foreach (var known in _parts)
        {
            for (var i = 0; i < known.Memory.Ranges.Count; i++)
                owned.Remove(known.Memory.Ranges[i].Start, known.Memory.Ranges[i].End);
        }
        owned.Remove(0, from);
        owned.Remove(to, ulong.MaxValue);
        if (owned.Count == 0)
            return;
        var memory = new FamilyMemory(Arena, family.Store);
        for (var i = 0; i < owned.Count; i++)
            memory.Ranges.Add(owned[i].Start, owned[i].End);
        var part = new FamilyPart(this, memory);
        memory.Begin(part);
        _parts.Add(part);
        foreach (var area in _areas)
        {
            if (!memory.Ranges.Contains(area.Start))
                continue;
            if ((area.Flags & VmFlags.Charged) != 0)
                memory.Charge += area.Pages; // until the last member has gone; what each has beyond is counted as it comes
            area.Flags &= ~(VmFlags.Pooled | VmFlags.Charged);
        }
    }

    private AddressSpace CloneFor(Family family)
    {
        var child = new AddressSpace(Arena, _texts)
        {
            Executable = Executable?.Retain(),
            StartBrk = StartBrk,
            CurrentBrk = CurrentBrk,
            UsesVectorExtensions = UsesVectorExtensions,
            _brkReserveEnd = _brkReserveEnd,
            _hasGrowing = _hasGrowing,
            _hasOwnGs = _hasOwnGs,
            _family = family,
        };
        child.Layout.CopyFrom(Layout);
        var mappings = new Dictionary<FileMapping, FileMapping>();
        var stubs = new Dictionary<TextStubs, TextStubs>();
        foreach (var left in _leftStubs)
            child._leftStubs.Add(CloneStubs(child, stubs, left));
        foreach (var area in _areas)
        {
            if ((area.Flags & VmFlags.DontFork) != 0)
                continue;
            child._areas.Add(new VmArea
            {
                Start = area.Start,
                End = area.End,
                Protection = area.Protection,
                Flags = area.Flags & ~(VmFlags.Locked | VmFlags.Charged | VmFlags.Pooled), // what a parent has mapped anew where its own parent had something is its to pay
                Backing = area.Backing,
                Mapping = area.Mapping is { } mapping ? CloneMapping(child, mappings, mapping) : null,
                Offset = area.Offset,
                Name = area.Name,
                Text = area.Text?.Retain(),
                Stubs = area.Stubs is { } own ? CloneStubs(child, stubs, own) : null,
            });
        }
        child._stubs.AddRange(stubs.Values);
        for (var i = 0; i < _gaps.Count; i++)
            child.KeepGap(_gaps[i].Start, _gaps[i].Length);
        return child;
    }

    private static FileMapping CloneMapping(AddressSpace child, Dictionary<FileMapping, FileMapping> known, FileMapping mapping)
    {
        if (known.TryGetValue(mapping, out var clone))
            return clone.Retain();
        var isForWriting = mapping.IsForWriting;
        if (mapping.Pages is { } pages && pages.Map(isForWriting, child) != Errno.None && isForWriting)
            _ = pages.Map(isForWriting = false, child); // sealed since
        clone = new FileMapping(mapping.File, mapping.Pages, isForWriting, mapping.Watcher, child);
        known.Add(mapping, clone);
        return clone;
    }

    private static TextStubs CloneStubs(AddressSpace child, Dictionary<TextStubs, TextStubs> known, TextStubs stubs)
    {
        if (known.TryGetValue(stubs, out var clone))
            return clone.Retain();
        clone = new TextStubs(child, stubs.Start, stubs.TextStart, stubs.Segment);
        known.Add(stubs, clone);
        return clone;
    }
}
