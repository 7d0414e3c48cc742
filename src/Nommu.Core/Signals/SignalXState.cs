using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Execution;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>copy_fpstate_to_sigframe</c> and <c>fpu__restore_sig</c>: the floating-point and vector state in a signal frame, an XSAVE image in standard format with Linux's words in its unused part.</summary>
internal static class SignalXState
{
    /// <summary>Behind the image: FP_XSTATE_MAGIC2.</summary>
    internal const int TrailerSize = sizeof(uint);

    private const int LegacySize = 512, HeaderSize = 64, MxcsrOffset = 24;
    private const ulong X87Feature = 1, LegacyFeatures = 3; // x87 and SSE
    private const ulong MxcsrFeatures = 6; // SSE and AVX (Intel SDM vol. 1, 13.8.1)
    private const uint MxcsrMask = 0xffff;

    internal static Errno Save(GuestThread thread, ulong address)
    {
        var cpu = thread.Cpu;
        cpu.CompleteXState();
        var size = cpu.XStateLayout.UserSize;
        var image = cpu.XState[..size];
        // Old programs look at the 512 bytes alone: Linux always says that they hold something.
        BinaryPrimitives.WriteUInt64LittleEndian(image[LegacySize..], BinaryPrimitives.ReadUInt64LittleEndian(image[LegacySize..]) | LegacyFeatures);
        MemoryMarshal.Write(image[FpxSwBytes.Offset..], new FpxSwBytes
        {
            Magic1 = FpxSwBytes.FP_XSTATE_MAGIC1,
            ExtendedSize = (uint)(size + TrailerSize),
            Features = cpu.XStateLayout.UserFeatures,
            XStateSize = (uint)size,
        });
        if (thread.Memory.Write(address, image) is not Errno.None and var error)
            return error;
        Span<byte> trailer = stackalloc byte[TrailerSize];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, FpxSwBytes.FP_XSTATE_MAGIC2);
        return thread.Memory.Write(address + (ulong)size, trailer);
    }

    /// <summary>Puts back what a frame says; no address means the state a program starts with. What the processor would refuse to load is EINVAL.</summary>
    internal static Errno Restore(GuestThread thread, ulong address)
    {
        var cpu = thread.Cpu;
        if (address == 0)
        {
            cpu.ResetXState();
            return Errno.None;
        }
        if (address % 64 != 0)
            return Errno.EINVAL;
        var image = cpu.XState;
        cpu.ResetXState();
        if (thread.Memory.Read(address, image[..LegacySize]) is not Errno.None and var legacyError)
            return Abandon(cpu, legacyError);
        var extended = ExtendedSize(thread, address, image);
        if (extended > LegacySize && thread.Memory.Read(address + LegacySize, image[LegacySize..extended]) is not Errno.None and var error)
            return Abandon(cpu, error);
        if (extended == LegacySize)
            BinaryPrimitives.WriteUInt64LittleEndian(image[LegacySize..], LegacyFeatures);
        if (!IsLoadable(image, cpu.XStateLayout.UserFeatures))
            return Abandon(cpu, Errno.EINVAL);
        if (extended > LegacySize)
            LeaveOut(image);
        cpu.XStateChanged();
        return Errno.None;
    }

    /// <summary>Linux: <c>restore_fpregs_from_user</c>: what the words do not announce begins anew, whatever the header says of it. So does x87's control word, which goes to the processor by itself.</summary>
    private static void LeaveOut(Span<byte> image)
    {
        var announced = MemoryMarshal.Read<FpxSwBytes>(image[FpxSwBytes.Offset..]).Features;
        var features = BinaryPrimitives.ReadUInt64LittleEndian(image[LegacySize..]) & announced;
        BinaryPrimitives.WriteUInt64LittleEndian(image[LegacySize..], features);
        if ((features & X87Feature) == 0)
            BinaryPrimitives.WriteUInt16LittleEndian(image, GuestCpu.InitialFcw);
        if ((announced & MxcsrFeatures) == 0)
            BinaryPrimitives.WriteUInt32LittleEndian(image[MxcsrOffset..], GuestCpu.InitialMxcsr);
    }

    /// <summary>Linux: <c>check_xstate_in_sigframe</c>: without the magic words, or with sizes of another machine, only the 512 bytes count.</summary>
    private static int ExtendedSize(GuestThread thread, ulong address, ReadOnlySpan<byte> image)
    {
        var words = MemoryMarshal.Read<FpxSwBytes>(image[FpxSwBytes.Offset..]);
        var size = words.XStateSize;
        if (words.Magic1 != FpxSwBytes.FP_XSTATE_MAGIC1 || size < LegacySize + HeaderSize || size > thread.Cpu.XStateLayout.UserSize || size > words.ExtendedSize)
            return LegacySize;
        Span<byte> trailer = stackalloc byte[TrailerSize];
        return thread.Memory.Read(address + size, trailer) == Errno.None && BinaryPrimitives.ReadUInt32LittleEndian(trailer) == FpxSwBytes.FP_XSTATE_MAGIC2 ? (int)size : LegacySize;
    }

    /// <summary>What xrstor would fault on (Intel SDM vol. 1, 13.8.1): unknown features, a header that is not the standard format's, reserved bits of MXCSR.</summary>
    private static bool IsLoadable(ReadOnlySpan<byte> image, ulong features)
    {
        var header = image.Slice(LegacySize, HeaderSize);
        if ((BinaryPrimitives.ReadUInt64LittleEndian(header) & ~features) != 0 || header[8..].ContainsAnyExcept((byte)0))
            return false;
        return (BinaryPrimitives.ReadUInt32LittleEndian(image[MxcsrOffset..]) & ~MxcsrMask) == 0;
    }

    private static Errno Abandon(GuestCpu cpu, Errno error)
    {
        cpu.ResetXState();
        return error;
    }
}
