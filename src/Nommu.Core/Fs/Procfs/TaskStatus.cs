using Nommu.Core.Abi;
using Nommu.Core.Host;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: /proc/PID/status: the same as stat and statm for people, and more.</summary>
internal static class TaskStatus
{
    internal static Errno Show(ProcTask task, SeqText text, GuestThread? opener)
    {
        if (TaskSnapshot.Take(task) is not { } now)
            return Errno.ESRCH;
        ShowIdentity(task, text, now);
        if (task.RetainMemory() is { } memory)
        {
            ShowMemory(text, MemoryFigures.Of(memory));
            memory.Release();
        }
        ShowSignals(text, now);
        ShowRights(text, now.Credentials, now.Thread is { Attributes.NoNewPrivileges: true });
        ShowProcessors(text, now.Thread);
        return Errno.None;
    }

    private static void ShowIdentity(ProcTask task, SeqText text, TaskSnapshot now)
    {
        var who = now.Credentials;
        text.Add("Name:\t"u8);
        text.AddEscaped(now.Name, "\n\\"u8);
        text.Add("\n"u8);
        if (now.Thread is { } thread)
            text.Add($"Umask:\t{Convert.ToString((int)thread.Fs.Umask, 8).PadLeft(4, '0')}\n");
        text.Add($"State:\t{now.StateName}\nTgid:\t{now.ThreadGroup}\nNgid:\t0\nPid:\t{task.Id}\nPPid:\t{now.Parent}\nTracerPid:\t0\n");
        text.Add($"Uid:\t{who.Uid}\t{who.Euid}\t{who.Suid}\t{who.Fsuid}\nGid:\t{who.Gid}\t{who.Egid}\t{who.Sgid}\t{who.Fsgid}\n");
        text.Add($"FDSize:\t{now.Thread?.Files.Capacity ?? 0}\nGroups:\t");
        foreach (var group in who.Groups)
            text.Add($"{group} ");
        if (who.Groups.IsEmpty)
            text.Add(" "u8);
        text.Add($"\nNStgid:\t{now.ThreadGroup}\nNSpid:\t{task.Id}\nNSpgid:\t{now.Group}\nNSsid:\t{now.Session}\n");
    }

    /// <summary>Highest values are not kept, so the present ones stand in their places.</summary>
    private static void ShowMemory(SeqText text, in MemoryFigures figures)
    {
        var resident = figures.Resident;
        Row(text, "VmPeak", figures.Size);
        Row(text, "VmSize", figures.Size);
        Row(text, "VmLck", figures.Locked);
        Row(text, "VmPin", 0);
        Row(text, "VmHWM", Pages(resident.Total));
        Row(text, "VmRSS", Pages(resident.Total));
        Row(text, "RssAnon", Pages(resident.Anonymous));
        Row(text, "RssFile", Pages(resident.File));
        Row(text, "RssShmem", Pages(resident.Shared));
        Row(text, "VmData", figures.Data);
        Row(text, "VmStk", figures.Stack);
        Row(text, "VmExe", figures.Code);
        Row(text, "VmLib", figures.Libraries);
        Row(text, "VmPTE", 0);
        Row(text, "VmSwap", 0);
        Row(text, "HugetlbPages", 0);
        text.Add("CoreDumping:\t0\nTHP_enabled:\t0\n"u8);
    }

    private static void ShowSignals(SeqText text, TaskSnapshot now)
    {
        text.Add($"Threads:\t{now.Threads}\nSigQ:\t{now.Queued}/{now.QueueLimit}\n");
        text.Add($"SigPnd:\t{now.Pending.Bits:x16}\nShdPnd:\t{now.SharedPending.Bits:x16}\nSigBlk:\t{now.Blocked.Bits:x16}\n");
        text.Add($"SigIgn:\t{now.Ignored.Bits:x16}\nSigCgt:\t{now.Caught.Bits:x16}\n");
    }

    private static void ShowRights(SeqText text, Credentials who, bool noNewPrivileges)
    {
        var has = who.Capabilities;
        text.Add($"CapInh:\t{has.Inheritable:x16}\nCapPrm:\t{has.Permitted:x16}\nCapEff:\t{has.Effective:x16}\nCapBnd:\t{has.Bounding:x16}\nCapAmb:\t{has.Ambient:x16}\n");
        text.Add($"NoNewPrivs:\t{(noNewPrivileges ? 1 : 0)}\nSeccomp:\t0\nSeccomp_filters:\t0\n");
    }

    /// <summary>Linux: the bitmaps of %pb and %pbl: words of 32 bits, the highest first, and ranges.</summary>
    private static void ShowProcessors(SeqText text, GuestThread? thread)
    {
        var allowed = thread?.Attributes.Affinity is { Length: > 0 } some ? some : HostProcessors.All();
        text.Add("Cpus_allowed:\t"u8);
        for (var i = (HostProcessors.Count - 1) / 32; i >= 0; i--)
        {
            var word = (uint)(allowed[i / 2] >> (i % 2 * 32));
            if (i == (HostProcessors.Count - 1) / 32)
                text.Add($"{word:x}");
            else
                text.Add($",{word:x8}");
        }
        text.Add("\nCpus_allowed_list:\t"u8);
        var separator = "";
        for (var first = 0; first < HostProcessors.Count; first++)
        {
            if (!Has(first))
                continue;
            var last = first;
            while (last + 1 < HostProcessors.Count && Has(last + 1))
                last++;
            text.Add($"{separator}{first}");
            if (last > first)
                text.Add($"-{last}");
            (separator, first) = (",", last);
        }
        text.Add("\n"u8);
        text.Add("Mems_allowed:\t1\nMems_allowed_list:\t0\nvoluntary_ctxt_switches:\t0\nnonvoluntary_ctxt_switches:\t0\n"u8);

        bool Has(int processor) => (allowed[processor / 64] >> (processor % 64) & 1) != 0;
    }

    private static void Row(SeqText text, string label, ulong bytes) => text.Add($"{label}:\t{bytes / 1024,8} kB\n");

    private static ulong Pages(long count) => (ulong)count * Arena.PageSize;
}
