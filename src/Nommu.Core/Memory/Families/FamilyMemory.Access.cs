using Nommu.Core.Execution;
using Nommu.Core.Host;

namespace Nommu.Core.Memory.Families;

/// <summary>Reading and writing a member's memory from outside, wherever it is.</summary>
internal sealed partial class FamilyMemory
{
    /// <summary>Copies out of one page of a member.</summary>
    /// <returns>Bytes not copied.</returns>
    internal int Read(FamilyPart part, ulong address, Span<byte> target)
    {
        if (Resident != part)
        {
            var page = Arena.PageDown(address);
            if (part.Pages.TryGetValue(page, out var stored))
            {
                if (stored.Address == 0)
                    target.Clear();
                else
                    HostMemory.Span(stored.Address + (address - page), target.Length).CopyTo(target);
                return 0;
            }
            if (part.PlaceOf(address) is not 0 and var place)
                return UserCopy.CopyFromUser(target, place);
            if (_apart.Contains(address))
                return part.Space.ReadFile(address, target);
        }
        return UserCopy.CopyFromUser(target, address);
    }

    /// <summary>Copies into one page of a member.</summary>
    /// <returns>Bytes not copied.</returns>
    internal int Write(FamilyPart part, ulong address, ReadOnlySpan<byte> source)
    {
        if (Resident == part)
        {
            if (_common.Contains(address) && !TrySeparate(address))
                return source.Length;
            return UserCopy.CopyToUser(address, source);
        }
        if (part.PlaceOf(address) is not 0 and var place)
            return UserCopy.CopyToUser(place, source);
        var page = Arena.PageDown(address);
        if (!part.Pages.ContainsKey(page))
        {
            if (_apart.Contains(address))
            {
                var contents = new StoredPage(0);
                part.Pages.Add(page, contents);
                if (part.Space.HasFileAt(page))
                {
                    contents = part.Pages[page] = store.ForWriting(contents);
                    _ = part.Space.ReadFile(page, HostMemory.Span(contents.Address, (int)Arena.PageSize));
                }
            }
            else if (!_common.TryFind(address, out var run))
            {
                return UserCopy.CopyToUser(address, source); // memory that all share
            }
            else
            {
                LeaveCopies(page, Resident);
                if (HostMemory.Protect(page, Arena.PageSize, run.Access) == Abi.Errno.None)
                {
                    _common.Remove(page, page + Arena.PageSize);
                    _own.Add(page, page + Arena.PageSize);
                }
            }
        }
        var own = part.Pages[page] = store.ForWriting(part.Pages[page]);
        source.CopyTo(HostMemory.Span(own.Address + (address - page), source.Length));
        return 0;
    }
}
