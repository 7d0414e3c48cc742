using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>fill_note_info</c>: what a core file says of the process and of the thread that died (elf(5), "Notes"; sys/procfs.h, sys/user.h).</summary>
internal static class CoreNotes
{
    private const uint NT_PRSTATUS = 1, NT_FPREGSET = 2, NT_PRPSINFO = 3, NT_AUXV = 6, NT_FILE = 0x46494c45, NT_SIGINFO = 0x53494749;
    private const int StatusSize = 336, RegistersInStatus = 112, InfoSize = 136, LegacyStateSize = 512;
    private const ulong UserCodeSegment = 0x33, UserDataSegment = 0x2b;

    internal static byte[] Of(GuestThread thread, in Siginfo info, VmAreaInfo[] areas)
    {
        using var notes = new MemoryStream();
        thread.Cpu.CompleteXState();
        Add(notes, NT_PRSTATUS, Status(thread, info));
        Add(notes, NT_PRPSINFO, ProcessInfo(thread));
        Add(notes, NT_SIGINFO, MemoryMarshal.AsBytes(new ReadOnlySpan<Siginfo>(in info)));
        Add(notes, NT_AUXV, thread.Space.Layout.AuxiliaryVector);
        Add(notes, NT_FILE, MappedFiles(areas));
        Add(notes, NT_FPREGSET, thread.Cpu.XState[..LegacyStateSize]);
        return notes.ToArray();
    }

    private static void Add(MemoryStream notes, uint type, ReadOnlySpan<byte> contents)
    {
        Span<byte> head = stackalloc byte[20];
        head.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(head, 5);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], contents.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], type);
        "CORE"u8.CopyTo(head[12..]);
        notes.Write(head);
        notes.Write(contents);
        for (; notes.Length % 4 != 0; notes.WriteByte(0))
        {
        }
    }

    /// <summary>struct elf_prstatus.</summary>
    private static byte[] Status(GuestThread thread, in Siginfo info)
    {
        var status = new byte[StatusSize];
        BinaryPrimitives.WriteInt32LittleEndian(status, info.Signo);
        BinaryPrimitives.WriteInt16LittleEndian(status.AsSpan(12), (short)info.Signo);
        BinaryPrimitives.WriteUInt64LittleEndian(status.AsSpan(24), thread.Signals.Blocked.Bits);
        WriteIdentity(status.AsSpan(32), thread.Id, thread.Process);
        ref var r = ref thread.Cpu.Registers;
        ref var context = ref thread.Cpu.Context;
        ReadOnlySpan<ulong> registers =
        [
            r.R15, r.R14, r.R13, r.R12, r.Rbp, r.Rbx, r.R11, r.R10, r.R9, r.R8, r.Rax, r.Rcx, r.Rdx, r.Rsi, r.Rdi, ulong.MaxValue, thread.Space.ToOriginal(r.Rip), UserCodeSegment,
            r.Rflags, r.Rsp, UserDataSegment, context.FsBase, context.GsBase, 0, 0, 0, 0,
        ];
        MemoryMarshal.AsBytes(registers).CopyTo(status.AsSpan(RegistersInStatus));
        status[RegistersInStatus + (registers.Length * sizeof(ulong))] = 1; // floating point is there
        return status;
    }

    /// <summary>struct elf_prpsinfo.</summary>
    private static byte[] ProcessInfo(GuestThread thread)
    {
        const int LongestName = 15, LongestArguments = 79;
        var info = new byte[InfoSize];
        info[1] = (byte)'R';
        BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(16), thread.Credentials.Uid);
        BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(20), thread.Credentials.Gid);
        WriteIdentity(info.AsSpan(24), thread.Process.Id, thread.Process);
        thread.Name.AsSpan(0, Math.Min(thread.Name.Length, LongestName)).CopyTo(info.AsSpan(40));
        var layout = thread.Space.Layout;
        var arguments = info.AsSpan(56, (int)Math.Min(LongestArguments, layout.ArgEnd - layout.ArgStart));
        _ = thread.Space.ReadFrom(layout.ArgStart, arguments);
        arguments.Replace((byte)0, (byte)' ');
        return info;
    }

    /// <summary>pid, ppid, pgrp and sid.</summary>
    private static void WriteIdentity(Span<byte> to, int id, GuestProcess process)
    {
        lock (process.Tasks.Lock)
        {
            BinaryPrimitives.WriteInt32LittleEndian(to, id);
            BinaryPrimitives.WriteInt32LittleEndian(to[4..], process.Parent?.Id ?? 0);
            BinaryPrimitives.WriteInt32LittleEndian(to[8..], process.Group.Id);
            BinaryPrimitives.WriteInt32LittleEndian(to[12..], process.Group.Session.Id);
        }
    }

    /// <summary>Count and page size; start, end and page offset of each; and their names.</summary>
    private static byte[] MappedFiles(VmAreaInfo[] areas)
    {
        var mapped = areas.Where(area => area.Path.Dentry is not null).ToArray();
        using var note = new MemoryStream();
        Write((ulong)mapped.Length);
        Write(Arena.PageSize);
        foreach (var area in mapped)
        {
            Write(area.Start);
            Write(area.End);
            Write(area.Offset / Arena.PageSize);
        }
        foreach (var area in mapped)
        {
            note.Write(PathNaming.Describe(area.Path, default));
            note.WriteByte(0);
        }
        return note.ToArray();

        void Write(ulong word)
        {
            Span<byte> bytes = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, word);
            note.Write(bytes);
        }
    }
}
