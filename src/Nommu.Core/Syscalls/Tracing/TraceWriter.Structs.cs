using Nommu.Core.Abi;

namespace Nommu.Core.Syscalls.Tracing;

/// <summary>Structs by the names their fields have in C; of the large ones what strace shows without being asked for more.</summary>
internal sealed partial class TraceWriter
{
    private const ulong Unlimited = Rlimit.RLIM_INFINITY;

    internal void Show(Stat value)
    {
        Put("{");
        Field("st_mode").Show((InodeMode)value.Mode);
        if (((InodeMode)value.Mode & InodeMode.S_IFMT) is InodeMode.S_IFCHR or InodeMode.S_IFBLK)
            Field("st_rdev").Device(value.Rdev);
        else
            Field("st_size").Show(value.Size);
        Put(", ...}");
    }

    internal void Show(Statx value)
    {
        Put("{");
        Field("stx_mask").Show((StatxMask)value.Mask);
        Field("stx_attributes").Hex(value.Attributes);
        Field("stx_mode").Show((InodeMode)value.Mode);
        Field("stx_size").Show(value.Size);
        Put(", ...}");
    }

    internal void Show(Statfs value)
    {
        Put("{");
        Field("f_type").Show((StatfsMagic)(uint)value.Type);
        Field("f_bsize").Show(value.BlockSize);
        Field("f_blocks").Show(value.Blocks);
        Field("f_bfree").Show(value.BlocksFree);
        Field("f_bavail").Show(value.BlocksAvailable);
        Field("f_files").Show(value.Files);
        Field("f_ffree").Show(value.FilesFree);
        Field("f_namelen").Show(value.NameLength);
        Put(", ...}");
    }

    internal void Show(Timespec value)
    {
        Put("{");
        Field("tv_sec").Show(value.Seconds);
        Field("tv_nsec");
        Put(value.Nanoseconds switch { Timespec.UTIME_NOW => "UTIME_NOW", Timespec.UTIME_OMIT => "UTIME_OMIT", var other => other.ToString(System.Globalization.CultureInfo.InvariantCulture) });
        Put("}");
    }

    internal void Show(Timeval value)
    {
        Put("{");
        Field("tv_sec").Show(value.Seconds);
        Field("tv_usec").Show(value.Microseconds);
        Put("}");
    }

    internal void Show(Itimerspec value)
    {
        Put("{");
        Field("it_interval").Show(value.Interval);
        Field("it_value").Show(value.Value);
        Put("}");
    }

    internal void Show(Itimerval value)
    {
        Put("{");
        Field("it_interval").Show(value.Interval);
        Field("it_value").Show(value.Value);
        Put("}");
    }

    internal void Show(Timezone value)
    {
        Put("{");
        Field("tz_minuteswest").Show(value.MinutesWest);
        Field("tz_dsttime").Show(value.DstTime);
        Put("}");
    }

    internal void Show(Timex value)
    {
        Put("{");
        Field("modes").Hex(value.Modes);
        Field("offset").Show(value.Offset);
        Field("freq").Show(value.Frequency);
        Field("status").Hex((uint)value.Status);
        Put(", ...}");
    }

    internal void Show(Tms value)
    {
        Put("{");
        Field("tms_utime").Show(value.User);
        Field("tms_stime").Show(value.System);
        Field("tms_cutime").Show(value.ChildrenUser);
        Field("tms_cstime").Show(value.ChildrenSystem);
        Put("}");
    }

    internal void Show(FileTimeSyscalls.Utimbuf value)
    {
        Put("{");
        Field("actime").Show(value.Access);
        Field("modtime").Show(value.Modify);
        Put("}");
    }

    internal void Show(Rlimit value)
    {
        Put("{");
        Field("rlim_cur").Limit(value.Current);
        Field("rlim_max").Limit(value.Maximum);
        Put("}");
    }

    private void Limit(ulong limit)
    {
        if (limit == Unlimited)
            Put("RLIM64_INFINITY");
        else if (limit > 1024 && limit % 1024 == 0)
            Put($"{limit / 1024}*1024");
        else
            Show(limit);
    }

    internal void Show(Rusage value)
    {
        Put("{");
        Field("ru_utime").Show(value.UserTime);
        Field("ru_stime").Show(value.SystemTime);
        Put(", ...}");
    }

    internal void Show(Sysinfo value)
    {
        Put("{");
        Field("uptime").Show(value.Uptime);
        Field("totalram").Show(value.TotalRam);
        Field("freeram").Show(value.FreeRam);
        Field("procs").Show((long)value.Processes);
        Put(", ...}");
    }

    internal void Show(Utsname value)
    {
        Put("{");
        Field("sysname").Quote(value.SystemName.Text, false);
        Field("nodename").Quote(value.NodeName.Text, false);
        Put(", ...}");
    }

    internal void Show(PollFd value)
    {
        Put("{");
        Field("fd").Descriptor(value.Fd);
        Field("events").Show((PollEvents)value.Events);
        Put("}");
    }

    internal void Show(EpollEvent value)
    {
        Put("{");
        Field("events").Epoll(value.Events);
        Field("data").Put($"0x{value.Data:x}");
        Put("}");
    }

    internal void Show(SigSet value)
    {
        var isShort = System.Numerics.BitOperations.PopCount(value.Bits) > SigSet.Count * 2 / 3;
        var shown = isShort ? ~value : value;
        Put(isShort ? "~[" : "[");
        var any = false;
        for (var signal = 1; signal <= SigSet.Count; signal++)
        {
            if (!shown.Contains((Signal)signal))
                continue;
            Put(any ? " " : "");
            any = true;
            Put(NameOf((Signal)signal).Replace("SIG", "", StringComparison.Ordinal));
        }
        Put("]");
    }

    internal void Show(PselectMask value)
    {
        Put("{");
        Field("sigmask");
        Pointer<SigSet>(new(value.Mask), static (w, v) => w.Show(v));
        Field("sigsetsize").Show(value.Size);
        Put("}");
    }

    internal void Show(Sigaction value)
    {
        Put("{");
        Field("sa_handler").Put(value.Handler switch { Sigaction.SIG_DFL => "SIG_DFL", Sigaction.SIG_IGN => "SIG_IGN", var address => $"0x{address:x}" });
        Field("sa_mask").Show(value.Mask);
        Field("sa_flags").Show(value.Flags);
        if ((value.Flags & SigactionFlags.SA_RESTORER) != 0)
            Field("sa_restorer").Address(value.Restorer);
        Put("}");
    }

    internal void Show(StackT value)
    {
        Put("{");
        Field("ss_sp").Address(value.Pointer);
        Field("ss_flags").Put(value.Flags switch { 0 => "0", StackT.SS_ONSTACK => "SS_ONSTACK", StackT.SS_DISABLE => "SS_DISABLE", var other => $"0x{other:x}" });
        Field("ss_size").Show(value.Size);
        Put("}");
    }

    internal void Show(Sigevent value)
    {
        Put("{");
        Field("sigev_value").Put($"0x{value.Value:x}");
        Field("sigev_signo").Show((Signal)value.Signal);
        Field("sigev_notify").Put(value.Notify switch { Sigevent.SIGEV_SIGNAL => "SIGEV_SIGNAL", Sigevent.SIGEV_NONE => "SIGEV_NONE", Sigevent.SIGEV_THREAD => "SIGEV_THREAD", Sigevent.SIGEV_THREAD_ID => "SIGEV_THREAD_ID", var other => $"{other}" });
        Put("}");
    }

    internal void Show(Siginfo value)
    {
        Put("{");
        Field("si_signo").Show(value.Signal);
        Field("si_code").Code(value.Signal, value.Code);
        switch (value.Layout)
        {
            case SiginfoLayout.SIL_FAULT:
                Field("si_addr").Address(value.Address);
                break;
            case SiginfoLayout.SIL_CHLD:
                Field("si_pid").Show(value.Pid);
                Field("si_uid").Show((ulong)value.Uid);
                Field("si_status");
                if (value.Code == SigCode.CLD_EXITED)
                    Show(value.Status);
                else
                    Show((Signal)value.Status);
                Field("si_utime").Show(value.UserTime);
                Field("si_stime").Show(value.SystemTime);
                break;
            case SiginfoLayout.SIL_TIMER:
                Field("si_timerid").Hex((uint)value.TimerId);
                Field("si_overrun").Show(value.Overrun);
                Field("si_value").Put($"0x{value.Value:x}");
                break;
            case SiginfoLayout.SIL_POLL:
                Field("si_band").Show(value.Band);
                Field("si_fd").Show(value.Fd);
                break;
            case SiginfoLayout.SIL_SYS:
                Field("si_call_addr").Address(value.Address);
                Field("si_syscall").Put(Enum.GetName((SystemCallNumber)value.Syscall) is { } name ? "__NR_" + name : $"{value.Syscall}");
                break;
            case SiginfoLayout.SIL_KILL when value.Code == SigCode.SI_KERNEL:
                break;
            default:
                Field("si_pid").Show(value.Pid);
                Field("si_uid").Show((ulong)value.Uid);
                if (value.Layout == SiginfoLayout.SIL_RT && value.Code != SigCode.SI_TKILL)
                    Field("si_value").Put($"0x{value.Value:x}");
                break;
        }
        Put("}");
    }

    internal void Show(OpenHow value)
    {
        Put("{");
        Field("flags").Show((OpenFlags)value.Flags);
        if (value.Mode != 0)
            Field("mode").Show((InodeMode)value.Mode);
        Field("resolve").Show(value.Resolve);
        Put("}");
    }

    internal void Show(CloneArgs value)
    {
        Put("{");
        Field("flags").Show(value.Flags);
        if (value.ChildTid != 0)
            Field("child_tid").Address(value.ChildTid);
        if (value.ParentTid != 0)
            Field("parent_tid").Address(value.ParentTid);
        Field("exit_signal").Show((Signal)value.ExitSignal);
        Field("stack").Address(value.Stack);
        Field("stack_size").Hex(value.StackSize);
        if (value.Tls != 0)
            Field("tls").Address(value.Tls);
        Put("}");
    }

    internal void Show(SchedAttr value)
    {
        Put("{");
        Field("size").Show((ulong)value.Size);
        Field("sched_policy").Show(value.Policy);
        Field("sched_flags").Show(value.Flags);
        Field("sched_nice").Show(value.Nice);
        Field("sched_priority").Show((ulong)value.Priority);
        Put(", ...}");
    }

    internal void Show(Sembuf value)
    {
        Put("{");
        Field("sem_num").Show((ulong)value.Number);
        Field("sem_op").Show((long)value.Operation);
        Field("sem_flg").Show(value.Flags);
        Put("}");
    }

    internal void Show(CapabilityHeader value)
    {
        Put("{");
        Field("version").Put(value.Version switch
        {
            CapabilityHeader._LINUX_CAPABILITY_VERSION_1 => "_LINUX_CAPABILITY_VERSION_1",
            CapabilityHeader._LINUX_CAPABILITY_VERSION_2 => "_LINUX_CAPABILITY_VERSION_2",
            CapabilityHeader._LINUX_CAPABILITY_VERSION_3 => "_LINUX_CAPABILITY_VERSION_3",
            var other => $"0x{other:x}",
        });
        Field("pid").Show(value.Pid);
        Put("}");
    }

    internal void Show(CapabilityData value)
    {
        Put("{");
        Field("effective").Hex(value.Effective);
        Field("permitted").Hex(value.Permitted);
        Field("inheritable").Hex(value.Inheritable);
        Put("}");
    }

    internal void Show(Flock value)
    {
        Put("{");
        Field("l_type").Show(value.Type);
        Field("l_whence").Show((SeekWhence)value.Whence);
        Field("l_start").Show(value.Start);
        Field("l_len").Show(value.Length);
        Put("}");
    }

    internal void Show(Winsize value)
    {
        Put("{");
        Field("ws_row").Show((ulong)value.Rows);
        Field("ws_col").Show((ulong)value.Columns);
        Field("ws_xpixel").Show((ulong)value.Width);
        Field("ws_ypixel").Show((ulong)value.Height);
        Put("}");
    }

    internal void Show(Iovec value)
    {
        Put("{");
        Field("iov_base").Bytes(value.Base, (long)Math.Min(value.Length, long.MaxValue));
        Field("iov_len").Show(value.Length);
        Put("}");
    }

    internal void Show(Msghdr value) => Message(value, (long)Math.Min(value.IovLength, int.MaxValue));

    internal void Show(Mmsghdr value)
    {
        Put("{");
        Field("msg_hdr").Show(value.Header);
        Field("msg_len").Show((ulong)value.Length);
        Put("}");
    }

    private void Message(in Msghdr value, long vectors)
    {
        Put("{");
        Field("msg_name");
        SocketAddress(value.Name, value.NameLength);
        Field("msg_namelen").Show(value.NameLength);
        Field("msg_iov").Array<Iovec>(new(value.Iov), vectors, static (w, v) => w.Show(v));
        Field("msg_iovlen").Show(value.IovLength);
        Field("msg_controllen").Show(value.ControlLength);
        Field("msg_flags").Show(value.Flags);
        Put("}");
    }
}
