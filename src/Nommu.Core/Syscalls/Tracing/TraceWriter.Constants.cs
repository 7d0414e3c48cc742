using System.Globalization;
using System.Numerics;
using Nommu.Core.Abi;

namespace Nommu.Core.Syscalls.Tracing;

/// <summary>Flags and constants by their names.</summary>
internal sealed partial class TraceWriter
{
    /// <summary>Any enum: its constants' names are C's.</summary>
    internal void Show<T>(T value) where T : struct, Enum
    {
        if (typeof(T).IsDefined(typeof(FlagsAttribute), false))
            Flags(value, 0);
        else if (Enum.GetName(value) is { } name && IsCName(name))
            Put(name);
        else
            Number(value);
    }

    /// <summary>Single bits, and in the end what has no name.</summary>
    /// <param name="value">The flags.</param>
    /// <param name="shown">Bits that have been shown already.</param>
    private void Flags<T>(T value, ulong shown) where T : struct, Enum
    {
        var left = BitsOf(value) & ~shown;
        var any = shown != 0;
        if (left == 0 && !any)
        {
            Put(Enum.GetName(value) is { } zero && IsCName(zero) && value is not OpenFlags ? zero : "0");
            return;
        }
        foreach (var flag in Enum.GetValues<T>())
        {
            var bit = BitsOf(flag);
            if (BitOperations.PopCount(bit) != 1 || (left & bit) == 0 || Enum.GetName(flag) is not { } name || !IsCName(name))
                continue;
            left &= ~bit;
            Or(ref any);
            Put(name);
        }
        if (left == 0)
            return;
        Or(ref any);
        Hex(left);
    }

    private void Or(ref bool any)
    {
        Put(any ? "|" : "");
        any = true;
    }

    private void Number<T>(T value) where T : struct, Enum
    {
        var number = Convert.ToInt64(value, CultureInfo.InvariantCulture);
        if (number is >= 0 and < 10)
            Show(number);
        else
            Hex(BitsOf(value));
    }

    /// <summary>Names of our own, as None and All, are not for the guest's ears.</summary>
    private static bool IsCName(string name) => name.Contains('_', StringComparison.Ordinal) || name.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c));

    /// <summary>The bits of the value, as wide as its type.</summary>
    private static ulong BitsOf<T>(T value) where T : struct, Enum => SizeOf<T>() switch
    {
        1 => System.Runtime.CompilerServices.Unsafe.BitCast<T, byte>(value),
        2 => System.Runtime.CompilerServices.Unsafe.BitCast<T, ushort>(value),
        4 => System.Runtime.CompilerServices.Unsafe.BitCast<T, uint>(value),
        _ => System.Runtime.CompilerServices.Unsafe.BitCast<T, ulong>(value),
    };

    internal void Show(Signal signal) => Put(NameOf(signal));

    internal static string NameOf(Signal signal) => (int)signal switch
    {
        0 => "0",
        >= 32 and <= SigSet.Count => string.Create(CultureInfo.InvariantCulture, $"SIGRT_{(int)signal - 32}"),
        _ => Enum.GetName(signal) ?? ((int)signal).ToString(CultureInfo.InvariantCulture),
    };

    internal void Show(OpenFlags flags)
    {
        AccessMode(flags & OpenFlags.O_ACCMODE);
        var rest = flags & ~OpenFlags.O_ACCMODE;
        foreach (var whole in new[] { OpenFlags.O_TMPFILE, OpenFlags.O_SYNC })
        {
            if ((rest & whole) != whole)
                continue;
            Put(whole == OpenFlags.O_SYNC ? "|O_SYNC" : "|O_TMPFILE");
            rest &= ~whole;
        }
        if (rest == 0)
            return;
        Put("|");
        Flags(rest, 0);
    }

    /// <summary>Of calls that make descriptors: the flags without a way of access.</summary>
    internal void DescriptorFlags(in SyscallArguments a, int index) => Flags((OpenFlags)(uint)a[index] & ~OpenFlags.O_ACCMODE, 0);

    private void AccessMode(OpenFlags access) => Put(access switch { OpenFlags.O_RDONLY => "O_RDONLY", OpenFlags.O_WRONLY => "O_WRONLY", OpenFlags.O_RDWR => "O_RDWR", _ => "O_ACCMODE" });

    internal void Show(MapFlags flags)
    {
        var type = flags & MapFlags.MAP_SHARED_VALIDATE;
        if (type == 0)
        {
            Flags(flags, 0);
            return;
        }
        Put(type switch { MapFlags.MAP_SHARED => "MAP_SHARED", MapFlags.MAP_PRIVATE => "MAP_PRIVATE", _ => "MAP_SHARED_VALIDATE" });
        if ((flags & ~type) != 0)
            Flags(flags, (ulong)type);
    }

    internal void Show(SocketType type)
    {
        const SocketType Kind = (SocketType)0xf;
        Put((type & Kind) == 0 && type != 0 ? "" : Enum.GetName(type & Kind) is { } name && IsCName(name) ? name : "0");
        if ((type & ~Kind) != 0)
            Flags(type, (ulong)(type & Kind));
    }

    internal void Show(FutexOperation operation)
    {
        const FutexOperation Modifiers = FutexOperation.FUTEX_PRIVATE_FLAG | FutexOperation.FUTEX_CLOCK_REALTIME;
        var isPrivate = (operation & FutexOperation.FUTEX_PRIVATE_FLAG) != 0;
        if (Enum.GetName(operation & ~Modifiers) is not { } name)
        {
            Hex((ulong)operation);
            return;
        }
        Put(isPrivate ? name + "_PRIVATE" : name);
        Put((operation & FutexOperation.FUTEX_CLOCK_REALTIME) != 0 ? "|FUTEX_CLOCK_REALTIME" : "");
    }

    /// <summary>A mode by itself is permissions; with a type, that comes first.</summary>
    internal void Show(InodeMode mode)
    {
        var type = mode & InodeMode.S_IFMT;
        var bits = mode & InodeMode.Permissions;
        if (type != 0)
            Put((Enum.GetName(type) ?? $"0{Convert.ToString((uint)type, 8)}") + "|");
        foreach (var (bit, name) in new[] { (InodeMode.S_ISUID, "S_ISUID|"), (InodeMode.S_ISGID, "S_ISGID|"), (InodeMode.S_ISVTX, "S_ISVTX|") })
        {
            if (type == 0 || (bits & bit) == 0)
                continue;
            Put(name);
            bits &= ~bit;
        }
        Put("0" + Convert.ToString((uint)bits, 8).PadLeft(2, '0'));
    }

    internal void Show(AccessMask mode)
    {
        if (mode == 0)
        {
            Put("F_OK");
            return;
        }
        var any = false;
        foreach (var (bit, name) in new[] { (AccessMask.MAY_READ, "R_OK"), (AccessMask.MAY_WRITE, "W_OK"), (AccessMask.MAY_EXEC, "X_OK") })
        {
            if ((mode & bit) == 0)
                continue;
            Or(ref any);
            Put(name);
        }
    }

    internal void Show(PollEvents events) => Flags(events, 0);

    /// <summary>si_code.</summary>
    private void Code(Signal signal, int code) => Put(NameOf(signal, code));

    /// <summary>The name of a si_code.</summary>
    internal static string NameOf(Signal signal, int code)
    {
        ReadOnlySpan<string> own = signal switch
        {
            Signal.SIGILL => ["ILL_ILLOPC", "ILL_ILLOPN", "ILL_ILLADR", "ILL_ILLTRP", "ILL_PRVOPC", "ILL_PRVREG", "ILL_COPROC", "ILL_BADSTK"],
            Signal.SIGFPE => ["FPE_INTDIV", "FPE_INTOVF", "FPE_FLTDIV", "FPE_FLTOVF", "FPE_FLTUND", "FPE_FLTRES", "FPE_FLTINV", "FPE_FLTSUB"],
            Signal.SIGSEGV => ["SEGV_MAPERR", "SEGV_ACCERR"],
            Signal.SIGBUS => ["BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR"],
            Signal.SIGTRAP => ["TRAP_BRKPT", "TRAP_TRACE"],
            Signal.SIGCHLD => ["CLD_EXITED", "CLD_KILLED", "CLD_DUMPED", "CLD_TRAPPED", "CLD_STOPPED", "CLD_CONTINUED"],
            Signal.SIGSYS => ["SYS_SECCOMP", "SYS_USER_DISPATCH"],
            _ => ["POLL_IN", "POLL_OUT", "POLL_MSG", "POLL_ERR", "POLL_PRI", "POLL_HUP"],
        };
        if (code > 0 && code <= own.Length)
            return own[code - 1];
        return code switch
        {
            SigCode.SI_USER => "SI_USER",
            SigCode.SI_KERNEL => "SI_KERNEL",
            SigCode.SI_QUEUE => "SI_QUEUE",
            SigCode.SI_TIMER => "SI_TIMER",
            SigCode.SI_MESGQ => "SI_MESGQ",
            SigCode.SI_ASYNCIO => "SI_ASYNCIO",
            SigCode.SI_SIGIO => "SI_SIGIO",
            SigCode.SI_TKILL => "SI_TKILL",
            _ => code.ToString(CultureInfo.InvariantCulture),
        };
    }
}
