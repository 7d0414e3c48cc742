using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Syscalls.Tracing;

/// <summary>Arguments that depend on others (<see cref="ShownByAttribute"/>).</summary>
internal sealed partial class TraceWriter
{
    /// <summary>Behind the flags of an open: shown where a file may be made.</summary>
    internal void CreationMode(in SyscallArguments a, int index)
    {
        if (((OpenFlags)a[index - 1] & (OpenFlags.O_CREAT | OpenFlags.__O_TMPFILE)) != 0)
            Show((InodeMode)(uint)a[index]);
    }

    /// <summary>What execve hands over.</summary>
    internal void Strings(in SyscallArguments a, int index) =>
        Array<ulong>(new(a[index]), CountStrings(a[index]), static (w, text) => w.Text(text));

    internal void Environment(in SyscallArguments a, int index)
    {
        Address(a[index]);
        if (a[index] != 0)
            Put(CountStrings(a[index]) is 1 ? " /* 1 var */" : $" /* {CountStrings(a[index])} vars */");
    }

    private int CountStrings(ulong address)
    {
        const int Most = 1 << 16;
        var count = 0;
        while (count < Most && TryRead(new UserPtr<ulong>(address).At(count), out var text) && text != 0)
            count++;
        return count;
    }

    /// <summary>A text that the call has written, its zero included.</summary>
    internal void FilledText(in SyscallArguments a, int index) => Bytes(a[index], Math.Max(0, Result.Value - 1));

    /// <summary>Processors by number.</summary>
    internal void ProcessorSet(in SyscallArguments a, int index)
    {
        if (!TryRead(new UserPtr<ulong>(a[index]), out var set))
        {
            Address(a[index]);
            return;
        }
        Put($"[{string.Join(' ', Enumerable.Range(0, 64).Where(processor => (set >> processor & 1) != 0))}]");
    }

    internal void TwoTimes(in SyscallArguments a, int index) => Array<Timespec>(new(a[index]), 2, static (w, v) => w.Show(v));

    /// <summary>Most options are an int.</summary>
    internal void SocketOptionValue(in SyscallArguments a, int index)
    {
        if (TryRead(new UserPtr<int>(a[index]), out var value))
            Put($"[{value}]");
        else
            Address(a[index]);
    }

    internal void Pair(in SyscallArguments a, int index) => Array<int>(new(a[index]), 2, static (w, fd) => w.Descriptor(fd));

    /// <summary>The first bytes are there, their length is the next argument.</summary>
    internal void SocketAddress(in SyscallArguments a, int index) => SocketAddress(a[index], (int)a[index + 1]);

    /// <summary>As <see cref="SocketAddress(in SyscallArguments, int)"/> where the next argument is the address of the length.</summary>
    internal void FilledSocketAddress(in SyscallArguments a, int index)
    {
        if (TryRead(new UserPtr<int>(a[index + 1]), out var length))
            SocketAddress(a[index], length);
        else
            Address(a[index]);
    }

    private void SocketAddress(ulong address, int length)
    {
        var bytes = new byte[Math.Clamp(length, 0, UserSocketAddress.MaximumLength)];
        if (bytes.Length < sizeof(ushort) || !TryRead(address, bytes))
        {
            Address(address);
            return;
        }
        var family = (AddressFamily)BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        var name = bytes.AsSpan(sizeof(ushort));
        Put("{");
        Field("sa_family").Show(family);
        if (family != AddressFamily.AF_UNIX)
        {
            Field("sa_data").Quote(name[..Math.Min(name.Length, 14)], false);
        }
        else if (!name.IsEmpty)
        {
            Field("sun_path").Put(name[0] == 0 && name.Length > 1 ? "@" : "");
            var isAbstract = name[0] == 0 && name.Length > 1;
            var end = isAbstract ? -1 : name.IndexOf((byte)0);
            Quote(isAbstract ? name[1..] : end < 0 ? name : name[..end], false);
        }
        Put("}");
    }

    internal void Vectors(in SyscallArguments a, int index) => Array<Iovec>(new(a[index]), (int)a[index + 1], static (w, v) => w.Show(v));

    /// <summary>Of what has been read, the first bytes as far as it goes.</summary>
    internal void FilledVectors(in SyscallArguments a, int index)
    {
        var left = Result.Value;
        Array<Iovec>(new(a[index]), (int)a[index + 1], (w, vector) =>
        {
            var filled = Math.Min(left, (long)Math.Min(vector.Length, long.MaxValue));
            left -= filled;
            w.Put("{");
            w.Field("iov_base").Bytes(vector.Base, filled);
            w.Field("iov_len").Show(vector.Length);
            w.Put("}");
        });
    }

    /// <summary>A message that has come: of its bytes as many as came.</summary>
    internal void FilledMessage(in SyscallArguments a, int index)
    {
        if (!TryRead(new UserPtr<Msghdr>(a[index]), out var header))
        {
            Address(a[index]);
            return;
        }
        Put("{");
        Field("msg_name");
        SocketAddress(header.Name, header.NameLength);
        Field("msg_namelen").Show(header.NameLength);
        Field("msg_iov").FilledVectors(new SyscallArguments(header.Iov, header.IovLength, 0, 0, 0, 0), 0);
        Field("msg_iovlen").Show(header.IovLength);
        Field("msg_controllen").Show(header.ControlLength);
        Field("msg_flags").Show(header.Flags);
        Put("}");
    }

    internal void WaitStatus(in SyscallArguments a, int index)
    {
        if (Result.Value <= 0 || !TryRead(new UserPtr<int>(a[index]), out var value))
        {
            Address(a[index]);
            return;
        }
        var status = new Processes.WaitStatus(value);
        Put("[{");
        if (status == Processes.WaitStatus.Continued)
            Put("WIFCONTINUED(s)");
        else if (status.IsExited)
            Put($"WIFEXITED(s) && WEXITSTATUS(s) == {status.ExitCode}");
        else if (status.IsSignaled)
            Put($"WIFSIGNALED(s) && WTERMSIG(s) == {NameOf((Signal)status.TerminatingSignal)}{(status.DumpedCore ? " && WCOREDUMP(s)" : "")}");
        else
            Put($"WIFSTOPPED(s) && WSTOPSIG(s) == {NameOf((Signal)status.ExitCode)}");
        Put("}]");
    }

    internal void DescriptorSet(in SyscallArguments a, int index)
    {
        const int Most = 1024;
        var count = Math.Clamp((int)a.A0, 0, Most);
        var words = new ulong[(count + 63) / 64];
        if (a[index] == 0 || !TryRead(a[index], MemoryMarshal.AsBytes(words.AsSpan())))
        {
            Address(a[index]);
            return;
        }
        Put("[");
        var any = false;
        for (var fd = 0; fd < count; fd++)
        {
            if ((words[fd / 64] >> (fd % 64) & 1) == 0)
                continue;
            Put(any ? " " : "");
            any = true;
            Descriptor(fd);
        }
        Put("]");
    }

    /// <summary>How many names there are.</summary>
    internal void Entries(in SyscallArguments a, int index)
    {
        const int LengthAt = 16;
        var (at, count) = (0L, 0);
        while (at < Result.Value && TryRead(new UserPtr<ushort>(a[index] + (ulong)at + LengthAt), out var length) && length > 0)
            (at, count) = (at + length, count + 1);
        Address(a[index]);
        Put($" /* {count} entries */");
    }

    internal void IoctlArgument(in SyscallArguments a, int index)
    {
        var address = a[index];
        switch ((IoctlNumber)(uint)a[index - 1])
        {
            case IoctlNumber.TIOCGWINSZ or IoctlNumber.TIOCSWINSZ:
                Pointer<Winsize>(new(address), static (w, v) => w.Show(v));
                break;
            case IoctlNumber.TCGETS or IoctlNumber.TCSETS or IoctlNumber.TCSETSW or IoctlNumber.TCSETSF:
                Pointer<Termios>(new(address), static (w, v) =>
                {
                    w.Put("{");
                    w.Field("c_iflag").Show(v.Input);
                    w.Field("c_oflag").Show(v.Output);
                    w.Field("c_cflag").Hex(v.Control);
                    w.Field("c_lflag").Show(v.Local);
                    w.Put(", ...}");
                });
                break;
            case IoctlNumber.TIOCGPGRP or IoctlNumber.TIOCSPGRP or IoctlNumber.FIONREAD or IoctlNumber.FIONBIO or IoctlNumber.FIOASYNC or IoctlNumber.TIOCGSID or IoctlNumber.TIOCOUTQ
                or IoctlNumber.TIOCGPTN or IoctlNumber.TIOCSPTLCK or IoctlNumber.TIOCGPTLCK:
                Pointer<int>(new(address), static (w, v) => w.Show(v));
                break;
            case IoctlNumber.TCFLSH:
                Show((TerminalQueue)address);
                break;
            case IoctlNumber.TCXONC:
                Show((TerminalFlow)address);
                break;
            case IoctlNumber.FIONCLEX or IoctlNumber.FIOCLEX or IoctlNumber.TIOCNOTTY:
                break;
            default:
                Hex(address);
                break;
        }
    }

    internal void FcntlArgument(in SyscallArguments a, int index)
    {
        switch ((FcntlCommand)a[index - 1])
        {
            case FcntlCommand.F_GETFD or FcntlCommand.F_GETFL or FcntlCommand.F_GETOWN or FcntlCommand.F_GETSIG or FcntlCommand.F_GETLEASE or FcntlCommand.F_GETPIPE_SZ or FcntlCommand.F_GET_SEALS:
                break;
            case FcntlCommand.F_SETFD:
                Show((FdFlags)a[index]);
                break;
            case FcntlCommand.F_SETFL:
                Show((OpenFlags)a[index]);
                break;
            case FcntlCommand.F_GETLK or FcntlCommand.F_SETLK or FcntlCommand.F_SETLKW or FcntlCommand.F_OFD_GETLK or FcntlCommand.F_OFD_SETLK or FcntlCommand.F_OFD_SETLKW:
                Pointer<Flock>(new(a[index]), static (w, v) => w.Show(v));
                break;
            case FcntlCommand.F_SETSIG:
                Show((Signal)a[index]);
                break;
            default:
                Show((long)a[index]);
                break;
        }
    }

    /// <summary>What F_GETFD and F_GETFL answer.</summary>
    internal void FcntlResult(in SyscallArguments a)
    {
        if (Result.Error != Errno.None)
            return;
        if ((FcntlCommand)a.A1 == FcntlCommand.F_GETFL)
        {
            Put($"0x{Result.Value:x} (flags ");
            Show((OpenFlags)Result.Value);
            Put(")");
        }
        else if ((FcntlCommand)a.A1 == FcntlCommand.F_GETFD && Result.Value != 0)
        {
            Put($"0x{Result.Value:x} (flags ");
            Show((FdFlags)Result.Value);
            Put(")");
        }
    }

    /// <summary>The two arguments that strace names, the stack first.</summary>
    internal void CloneStack(in SyscallArguments a, int index)
    {
        var signal = a[index] & (ulong)CloneFlags.CSIGNAL;
        var flags = (CloneFlags)(a[index] & uint.MaxValue & ~(ulong)CloneFlags.CSIGNAL);
        Put("child_stack=");
        Address(a[index + 1]);
        Put(", flags=");
        if (flags != 0 || signal == 0)
            Show(flags);
        Put(signal == 0 ? "" : (flags == 0 ? "" : "|") + NameOf((Signal)signal));
    }

    internal void Nothing(in SyscallArguments a, int index)
    {
    }

    internal void CloneArguments(in SyscallArguments a, int index) => Pointer<CloneArgs>(new(a[index]), static (w, v) => w.Show(v));

    internal void FutexTimeout(in SyscallArguments a, int index)
    {
        const FutexOperation Modifiers = FutexOperation.FUTEX_PRIVATE_FLAG | FutexOperation.FUTEX_CLOCK_REALTIME;
        switch ((FutexOperation)a.A1 & ~Modifiers)
        {
            case FutexOperation.FUTEX_WAIT or FutexOperation.FUTEX_WAIT_BITSET or FutexOperation.FUTEX_LOCK_PI or FutexOperation.FUTEX_LOCK_PI2 or FutexOperation.FUTEX_WAIT_REQUEUE_PI:
                Pointer<Timespec>(new(a[index]), static (w, v) => w.Show(v));
                break;
            case FutexOperation.FUTEX_REQUEUE or FutexOperation.FUTEX_CMP_REQUEUE or FutexOperation.FUTEX_CMP_REQUEUE_PI or FutexOperation.FUTEX_WAKE_OP:
                Show(a[index]);
                break;
            default:
                break;
        }
    }

    /// <summary>The second futex and the third value, of the operations that have them.</summary>
    internal void FutexSecond(in SyscallArguments a, int index)
    {
        const FutexOperation Modifiers = FutexOperation.FUTEX_PRIVATE_FLAG | FutexOperation.FUTEX_CLOCK_REALTIME;
        var operation = (FutexOperation)a.A1 & ~Modifiers;
        var hasBits = operation is FutexOperation.FUTEX_WAIT_BITSET or FutexOperation.FUTEX_WAKE_BITSET;
        var hasSecond = operation is FutexOperation.FUTEX_REQUEUE or FutexOperation.FUTEX_CMP_REQUEUE or FutexOperation.FUTEX_CMP_REQUEUE_PI or FutexOperation.FUTEX_WAKE_OP or FutexOperation.FUTEX_WAIT_REQUEUE_PI;
        if (index == 4 && (hasBits || hasSecond))
            Address(a[index]);
        else if (index == 5 && hasBits)
            Put((uint)a[index] == uint.MaxValue ? "FUTEX_BITSET_MATCH_ANY" : $"0x{(uint)a[index]:x}");
        else if (index == 5 && hasSecond && operation is not (FutexOperation.FUTEX_REQUEUE or FutexOperation.FUTEX_WAIT_REQUEUE_PI))
            Show((ulong)(uint)a[index]);
    }

    internal void DeviceNumber(in SyscallArguments a, int index) => Device((uint)a[index]);

    internal void OctalMode(in SyscallArguments a, int index) => Octal(a[index]);

    /// <summary>umask(2) answers a mode.</summary>
    internal void OctalResult(in SyscallArguments a) => Octal((ulong)Result.Value);

    /// <summary>exit(2).</summary>
    internal void NoResult(in SyscallArguments a) => Put("?");

    /// <summary>How many are ready, and which.</summary>
    internal void PollResult(in SyscallArguments a)
    {
        if (Result.Value < 0)
            return;
        Show(Result.Value);
        if (Result.Value == 0)
        {
            Put(" (Timeout)");
            return;
        }
        Put(" ([");
        var any = false;
        for (var i = 0; i < (int)a.A1 && i < MostElements && TryRead(new UserPtr<PollFd>(a.A0).At(i), out var fd); i++)
        {
            if (fd.Returned == 0)
                continue;
            Put(any ? ", {" : "{");
            any = true;
            Field("fd").Show(fd.Fd);
            Field("revents").Show((PollEvents)fd.Returned);
            Put("}");
        }
        Put("])");
    }

    private void Epoll(uint events)
    {
        var edges = (EpollFlags)(events & 0xf0000000);
        if ((events & ~0xf0000000u) != 0 || edges == 0)
            Put(PollName((PollEvents)(events & ~0xf0000000u)));
        if (edges == 0)
            return;
        Put((events & ~0xf0000000u) != 0 ? "|" : "");
        Show(edges);
    }

    private static string PollName(PollEvents events)
    {
        var writer = new TraceWriter(null!, 0, false);
        writer.Show(events);
        return writer.Take().Replace("POLL", "EPOLL", StringComparison.Ordinal);
    }

    private void Device(ulong device)
    {
        // makedev(3): twelve bits of major, twenty of minor, for all there are.
        var major = (device >> 8) & 0xfff;
        var minor = (device & 0xff) | ((device >> 12) & 0xfff00);
        Put($"makedev(0x{major:x}, 0x{minor:x})");
    }
}
