using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>exit_robust_list</c>: the locks that a thread holds when it ends are marked, and somebody who waits is told (get_robust_list(2)).</summary>
internal static class RobustList
{
    /// <summary>Linux: ROBUST_LIST_LIMIT, for lists that go in circles.</summary>
    private const int Longest = 2048;

    /// <summary>Bit 0 of a link: the lock inherits priority.</summary>
    private const ulong InheritsPriority = 1;

    internal static ulong HeadSize => (ulong)Marshal.SizeOf<Head>();

    /// <summary>The thread ends or has got new memory.</summary>
    internal static void Release(GuestThread thread)
    {
        var start = thread.RobustList;
        thread.RobustList = 0;
        if (start == 0 || thread.Memory.Read(new UserPtr<Head>(start), out var head) != Errno.None)
            return;
        var pending = head.Pending & ~InheritsPriority;
        var next = head.Next;
        for (var i = 0; i < Longest && (next & ~InheritsPriority) != start; i++)
        {
            var (entry, inherits) = (next & ~InheritsPriority, (next & InheritsPriority) != 0);
            // The link is read first: whoever takes the lock over may free it.
            var readable = thread.Memory.Read(new UserPtr<ulong>(entry), out next) == Errno.None;
            if (entry != pending && !Release(thread, entry + (ulong)head.Offset, inherits, isPending: false))
                return;
            if (!readable)
                return;
        }
        if (pending != 0)
            _ = Release(thread, pending + (ulong)head.Offset, (head.Pending & InheritsPriority) != 0, isPending: true);
    }

    /// <summary>Linux: <c>handle_futex_death</c>. Whoever waits for a lock that inherits priority is given it later, by the kernel's own list.</summary>
    /// <returns>False for memory that is not there.</returns>
    private static bool Release(GuestThread thread, ulong address, bool inherits, bool isPending)
    {
        if ((address & 3) != 0 || thread.Memory.LoadWord(address, out var word) != Errno.None)
            return false;
        if (isPending && !inherits && (word & (uint)FutexWord.FUTEX_TID_MASK) == 0)
        {
            // It died between giving the lock back and waking the next.
            WakeOne(thread, address);
            return true;
        }
        while ((word & (uint)FutexWord.FUTEX_TID_MASK) == (uint)thread.Id)
        {
            var found = word;
            if (thread.Memory.CompareExchangeWord(address, ref found, (word & (uint)FutexWord.FUTEX_WAITERS) | (uint)FutexWord.FUTEX_OWNER_DIED) != Errno.None)
                return false;
            if (found == word)
            {
                if (!inherits && (word & (uint)FutexWord.FUTEX_WAITERS) != 0)
                    WakeOne(thread, address);
                return true;
            }
            word = found;
        }
        return true;
    }

    private static void WakeOne(GuestThread thread, ulong address)
    {
        if (FutexTable.KeyOf(thread, address, isPrivate: false, forWriting: false).TryGet(out var key))
            _ = thread.Machine.Futexes.Wake(key, 1, FutexTable.MatchAny);
    }

    /// <summary>Linux: <c>struct robust_list_head</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Head
    {
        internal readonly ulong Next;
        internal readonly long Offset;
        internal readonly ulong Pending;
    }
}
