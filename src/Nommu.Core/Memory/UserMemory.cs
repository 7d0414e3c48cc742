using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Execution;

namespace Nommu.Core.Memory;

/// <summary>Linux: <c>copy_to_user</c>, <c>copy_from_user</c> and their kin. One bounds check against the kernel's arena, then a copy that survives memory that is not there.</summary>
public sealed partial class UserMemory
{
    private readonly ulong _start;
    private readonly ulong _end;
    private readonly FixedAddresses? _fixed;
    private readonly IFaultHandler? _faults;

    /// <summary>Memory between two addresses, and what there is of fixed ones; nothing outside is ever touched.</summary>
    internal UserMemory(ulong start, ulong end, FixedAddresses? fixedAddresses = null, IFaultHandler? faults = null) => (_start, _end, _fixed, _faults) = (start, end, fixedAddresses, faults);

    /// <summary>The same memory for somebody whose mappings may grow when the kernel touches what is below them (whole values do so, not what is copied in parts, which may be under a file's lock), and whose pages relatives may have too.</summary>
    internal UserMemory For(IFaultHandler faults) => new(_start, _end, _fixed, faults);

    /// <returns>Bytes not copied.</returns>
    internal int CopyToUserPartial(ulong address, ReadOnlySpan<byte> source)
    {
        var allowed = Allowed(address, source.Length);
        var missing = allowed;
        while (missing > 0)
        {
            var left = UserCopy.CopyToUser(address + (ulong)(allowed - missing), source[(allowed - missing)..allowed]);
            if (left == 0 || _faults?.TryRepair(address + (ulong)(allowed - left), isWrite: true) != true)
                return source.Length - allowed + left;
            missing = left;
        }
        return source.Length - allowed;
    }

    /// <returns>Bytes not copied.</returns>
    internal int CopyFromUserPartial(Span<byte> target, ulong address)
    {
        var allowed = Allowed(address, target.Length);
        var missing = allowed;
        while (missing > 0)
        {
            var left = UserCopy.CopyFromUser(target[(allowed - missing)..allowed], address + (ulong)(allowed - missing));
            if (left == 0 || _faults?.TryRepair(address + (ulong)(allowed - left), isWrite: false) != true)
                return target.Length - allowed + left;
            missing = left;
        }
        return target.Length - allowed;
    }

    /// <summary>Copies bytes out of guest memory.</summary>
    /// <param name="address">Where they are.</param>
    /// <param name="target">Where to.</param>
    /// <returns>EFAULT where not all of them can be read.</returns>
    public Errno Read(ulong address, Span<byte> target)
    {
        var missing = CopyFromUserPartial(target, address);
        if (missing > 0 && _faults?.TryGrow(address + (ulong)(target.Length - missing), isWrite: false) == true)
            missing = CopyFromUserPartial(target, address);
        return missing == 0 ? Errno.None : Errno.EFAULT;
    }

    /// <summary>Copies bytes into guest memory.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="source">The bytes.</param>
    /// <returns>EFAULT where not all of them can be written.</returns>
    public Errno Write(ulong address, ReadOnlySpan<byte> source)
    {
        var missing = CopyToUserPartial(address, source);
        if (missing > 0 && _faults?.TryGrow(address + (ulong)(source.Length - missing), isWrite: true) == true)
            missing = CopyToUserPartial(address, source);
        return missing == 0 ? Errno.None : Errno.EFAULT;
    }

    internal Errno Read<T>(UserPtr<T> pointer, out T value) where T : unmanaged
    {
        Unsafe.SkipInit(out value);
        return Read(pointer.Address, MemoryMarshal.AsBytes(new Span<T>(ref value)));
    }

    internal Errno Write<T>(UserPtr<T> pointer, in T value) where T : unmanaged =>
        Write(pointer.Address, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>Linux: <c>strncpy_from_user</c>.</summary>
    /// <returns>Length without the zero; ENAMETOOLONG when there is none within the buffer.</returns>
    internal Result<int> ReadString(ulong address, Span<byte> buffer)
    {
        var allowed = Allowed(address, buffer.Length);
        if (allowed == 0)
            return Errno.EFAULT;
        var length = UserCopy.StringLength(address, (ulong)allowed);
        if (length < 0 && (_faults?.TryRepair(address, isWrite: false) == true || _faults?.TryGrow(address, isWrite: false) == true))
            length = UserCopy.StringLength(address, (ulong)allowed);
        if (length < 0 || (length == allowed && allowed < buffer.Length))
            return Errno.EFAULT;
        if (length == allowed)
            return Errno.ENAMETOOLONG;
        return UserCopy.CopyFromUser(buffer[..(int)length], address) == 0 ? (int)length : Errno.EFAULT;
    }

    private int Allowed(ulong address, int length) => address < _start || address >= _end ? AllowedFixed(address, length) : (int)Math.Min((ulong)length, _end - address);

    private int AllowedFixed(ulong address, int length) => _fixed is not null && _fixed.Contains(address, 1) ? (int)Math.Min((ulong)length, _fixed.End - address) : 0;
}
