namespace Nommu.Core.Execution;

/// <summary>Linux: <c>copy_from_user</c> and its kin. Touches memory that may not be there; checks no bounds, that is Memory's part.</summary>
internal static unsafe class UserCopy
{
    /// <summary>Copies up to this size hold off a collection rather than pay for a transition.</summary>
    private const int SmallCopy = 4096;

    /// <returns>Bytes not copied.</returns>
    internal static int CopyFromUser(Span<byte> to, ulong from)
    {
        fixed (byte* target = to)
            return (int)Move((ulong)target, from, to.Length);
    }

    /// <returns>Bytes not copied.</returns>
    internal static int CopyToUser(ulong to, ReadOnlySpan<byte> from)
    {
        fixed (byte* source = from)
            return (int)Move(to, (ulong)source, from.Length);
    }

    /// <returns>Bytes not cleared.</returns>
    internal static ulong ClearUser(ulong address, ulong length) =>
        ((delegate* unmanaged<ulong, ulong, ulong>)ExecutionRuntime.Instance.Copy.Clear)(address, length);

    /// <summary>Linux: <c>strnlen_user</c>.</summary>
    /// <returns>Bytes before the terminating zero, <paramref name="max"/> where there is none within it, -1 for memory that is not there.</returns>
    internal static long StringLength(ulong address, ulong max) =>
        ((delegate* unmanaged<ulong, ulong, long>)ExecutionRuntime.Instance.Copy.StringLength)(address, max);

    internal static bool TryLoad32(ulong address, out uint value)
    {
        uint found = 0;
        var ok = ((delegate* unmanaged[SuppressGCTransition]<ulong, uint*, long>)ExecutionRuntime.Instance.Copy.Load32)(address, &found) == 0;
        value = found;
        return ok;
    }

    internal static bool TryStore32(ulong address, uint value) =>
        ((delegate* unmanaged[SuppressGCTransition]<ulong, uint, long>)ExecutionRuntime.Instance.Copy.Store32)(address, value) == 0;

    /// <param name="address">A word of the guest, 4-byte aligned.</param>
    /// <param name="expected">In: what should be there; out: what was there.</param>
    /// <param name="desired">Stored where the two agree.</param>
    /// <returns>False for memory that is not there.</returns>
    internal static bool TryCompareExchange32(ulong address, ref uint expected, uint desired)
    {
        var found = expected;
        var ok = ((delegate* unmanaged[SuppressGCTransition]<ulong, uint*, uint, long>)ExecutionRuntime.Instance.Copy.CompareExchange32)(address, &found, desired) == 0;
        expected = found;
        return ok;
    }

    private static ulong Move(ulong to, ulong from, int length) => length <= SmallCopy
        ? ((delegate* unmanaged[SuppressGCTransition]<ulong, ulong, ulong, ulong>)ExecutionRuntime.Instance.Copy.Copy)(to, from, (ulong)length)
        : ((delegate* unmanaged<ulong, ulong, ulong, ulong>)ExecutionRuntime.Instance.Copy.Copy)(to, from, (ulong)length);
}
