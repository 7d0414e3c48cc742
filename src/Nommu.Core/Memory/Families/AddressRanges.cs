using Nommu.Core.Abi;

namespace Nommu.Core.Memory.Families;

/// <summary>Addresses from one to another, whole pages.</summary>
/// <param name="Start">The first.</param>
/// <param name="End">The first behind.</param>
/// <param name="Access">What they are allowed, where that is to be remembered.</param>
internal readonly record struct AddressRange(ulong Start, ulong End, MapProtection Access = MapProtection.PROT_NONE)
{
    internal ulong Length => End - Start;
}

/// <summary>A set of addresses, as ranges in their order; neighbours that are allowed the same are one.</summary>
internal sealed class AddressRanges
{
    private readonly List<AddressRange> _ranges = [];

    internal int Count => _ranges.Count;

    internal AddressRange this[int index] => _ranges[index];

    /// <summary>Pages in all.</summary>
    internal ulong Pages
    {
        get
        {
            ulong sum = 0;
            foreach (var range in _ranges)
                sum += range.Length / Arena.PageSize;
            return sum;
        }
    }

    internal bool Contains(ulong address) => TryFind(address, out _);

    internal bool TryFind(ulong address, out AddressRange range)
    {
        var index = IndexAtOrAfter(address);
        range = index < _ranges.Count ? _ranges[index] : default;
        return index < _ranges.Count && range.Start <= address;
    }

    internal void Add(ulong start, ulong end, MapProtection access = MapProtection.PROT_NONE)
    {
        Remove(start, end);
        var index = IndexAtOrAfter(start);
        if (index < _ranges.Count && _ranges[index] is var next && next.Start == end && next.Access == access)
        {
            end = next.End;
            _ranges.RemoveAt(index);
        }
        if (index > 0 && _ranges[index - 1] is var previous && previous.End == start && previous.Access == access)
            _ranges[index - 1] = previous with { End = end };
        else
            _ranges.Insert(index, new AddressRange(start, end, access));
    }

    internal void Remove(ulong start, ulong end)
    {
        for (var index = IndexAtOrAfter(start); index < _ranges.Count && _ranges[index].Start < end;)
        {
            var range = _ranges[index];
            _ranges.RemoveAt(index);
            if (range.Start < start)
                _ranges.Insert(index++, range with { End = start });
            if (range.End > end)
                _ranges.Insert(index++, range with { Start = end });
        }
    }

    internal void Clear() => _ranges.Clear();

    /// <summary>What of the set lies between two addresses.</summary>
    internal List<AddressRange> Within(ulong start, ulong end)
    {
        var result = new List<AddressRange>();
        for (var index = IndexAtOrAfter(start); index < _ranges.Count && _ranges[index].Start < end; index++)
            result.Add(_ranges[index] with { Start = Math.Max(start, _ranges[index].Start), End = Math.Min(end, _ranges[index].End) });
        return result;
    }

    /// <summary>What between two addresses is not in the set.</summary>
    internal List<AddressRange> Outside(ulong start, ulong end)
    {
        var result = new List<AddressRange>();
        for (var index = IndexAtOrAfter(start); index < _ranges.Count && _ranges[index].Start < end; index++)
        {
            if (_ranges[index].Start > start)
                result.Add(new AddressRange(start, _ranges[index].Start));
            start = _ranges[index].End;
        }
        if (start < end)
            result.Add(new AddressRange(start, end));
        return result;
    }

    /// <summary>The first range that ends behind an address.</summary>
    private int IndexAtOrAfter(ulong address)
    {
        var (low, high) = (0, _ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ranges[middle].End <= address)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
