using System.Runtime.InteropServices;

namespace Nommu.Core.Execution;

/// <summary>The general registers of a guest thread, rip and rflags, in the order of their x86-64 encoding from rax on but for rsp behind rbp.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GuestRegisters
{
    internal ulong Rax, Rbx, Rcx, Rdx, Rsi, Rdi, Rbp, Rsp, R8, R9, R10, R11, R12, R13, R14, R15, Rip, Rflags;
}

/// <summary>How the guest was left.</summary>
internal enum GuestExitKind : uint
{
    /// <summary>A rewritten site called the kernel: rax is the number, rip the address behind the instruction.</summary>
    SystemCall = 0,

    /// <summary>A <c>syscall</c> instruction nobody rewrote: the same, by way of SIGSYS.</summary>
    TrappedSystemCall = 1,

    /// <summary>The guest did something the processor forbids.</summary>
    Fault = 2,

    /// <summary>Somebody wants this thread in the kernel.</summary>
    Kick = 3,
}

/// <summary>
/// The block that GS points at while a host thread can run guest code (but that of a process which uses GS itself, <see cref="OwnsGs"/>): the guest's registers, the host's while the guest runs, and the words that emitted code answers simple calls from.
/// </summary>
/// <remarks>Emitted code knows the offsets; <see cref="SyscallEntryOffset"/> is the one that rewritten programs know. The extended state (XSAVE, standard format) follows at <see cref="XStateOffset"/>.</remarks>
[StructLayout(LayoutKind.Explicit, Size = XStateOffset)]
internal struct GuestContext
{
    internal const int SyscallEntryOffset = 0xb0;
    internal const int RegistersOffset = 0x20;
    internal const int XStateOffset = 0x200;

    [FieldOffset(0x00)] internal ulong Self;
    [FieldOffset(0x08)] internal ulong HostRsp;
    [FieldOffset(0x10)] internal ulong HostFs;
    [FieldOffset(0x18)] internal ulong FsBase;
    [FieldOffset(RegistersOffset)] internal GuestRegisters Registers;
    [FieldOffset(SyscallEntryOffset)] internal ulong SyscallEntry;
    [FieldOffset(0xb8)] internal ulong InGuest;
    [FieldOffset(0xc0)] internal GuestExitKind ExitKind;
    [FieldOffset(0xc8)] internal ulong Signal;
    [FieldOffset(0xd0)] internal ulong Code;
    [FieldOffset(0xd8)] internal ulong Address;
    [FieldOffset(0xe0)] internal ulong TrapNumber;
    [FieldOffset(0xe8)] internal ulong ErrorCode;
    [FieldOffset(0xf0)] internal uint KickPending;
    [FieldOffset(0xf4)] internal byte SudSelector;
    [FieldOffset(0xf8)] internal SavedState Saved;
    [FieldOffset(0xfc)] internal uint SaveAllVectors;
    [FieldOffset(0x100)] internal uint GuestMxcsr;
    [FieldOffset(0x104)] internal uint HostMxcsr;
    [FieldOffset(0x108)] internal ushort GuestFcw;
    [FieldOffset(0x10a)] internal ushort HostFcw;
    [FieldOffset(0x110)] internal uint Pid;
    [FieldOffset(0x114)] internal uint Tid;
    [FieldOffset(0x118)] internal uint Ppid;
    [FieldOffset(0x11c)] internal uint Uid;
    [FieldOffset(0x120)] internal uint Euid;
    [FieldOffset(0x124)] internal uint Gid;
    [FieldOffset(0x128)] internal uint Egid;
    [FieldOffset(0x12c)] internal uint OwnsGs;
    [FieldOffset(0x130)] internal ulong GsBase;
    [FieldOffset(0x138)] internal ulong FoundGs;
}

/// <summary>Offsets that emitted code uses; each is the field's in <see cref="GuestContext"/>, checked by a test.</summary>
internal static class ContextOffsets
{
    internal const int Self = 0x00, HostRsp = 0x08, HostFs = 0x10, FsBase = 0x18;
    internal const int Rax = 0x20, Rcx = 0x30, Rdi = 0x48, Rsp = 0x58, R11 = 0x78, Rip = 0xa0, Rflags = 0xa8;
    internal const int InGuest = 0xb8, ExitKind = 0xc0, Signal = 0xc8, Code = 0xd0, Address = 0xd8, TrapNumber = 0xe0, ErrorCode = 0xe8;
    internal const int KickPending = 0xf0, SudSelector = 0xf4, Saved = 0xf8, SaveAllVectors = 0xfc;
    internal const int GuestMxcsr = 0x100, HostMxcsr = 0x104, GuestFcw = 0x108, HostFcw = 0x10a;
    internal const int Pid = 0x110, Tid = 0x114, Ppid = 0x118, Uid = 0x11c, Euid = 0x120, Gid = 0x124, Egid = 0x128;
    internal const int OwnsGs = 0x12c, GsBase = 0x130, FoundGs = 0x138;
}
