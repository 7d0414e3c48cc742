using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Signals;

namespace Nommu.Core.Fs.Signalfd;

/// <summary>Linux: <c>struct signalfd_ctx</c> with its file (signalfd(2)): whoever reads takes the signals pending for itself, not for whoever made the file.</summary>
internal sealed class SignalfdFile : FileDescription
{
    private readonly WaitQueue _maskChanged = new();
    private ulong _mask;

    private SignalfdFile(FsPath path, SigSet mask, SignalfdFlags flags) : base(path, OpenFlags.O_RDWR | (OpenFlags)(flags & SignalfdFlags.SFD_NONBLOCK)) =>
        _mask = mask.Bits;

    /// <summary>Which signals can be read. Linux: <c>sigmask</c>, kept inverted there.</summary>
    internal SigSet Mask => new(Volatile.Read(ref _mask));

    internal static SignalfdFile Create(VirtualFileSystem fileSystem, SigSet mask, SignalfdFlags flags) =>
        new(fileSystem.Anonymous.Create("anon_inode:[signalfd]", (InodeMode)0x180), mask, flags);

    /// <summary>signalfd(2) with a descriptor: from now on other signals. Who waits looks again.</summary>
    internal void Change(SigSet mask)
    {
        Volatile.Write(ref _mask, mask.Bits);
        _maskChanged.Wake();
    }

    /// <inheritdoc/>
    /// <remarks>Linux: <c>noop_llseek</c>.</remarks>
    public override Result<long> Seek(long offset, SeekWhence whence) => 0;

    /// <inheritdoc/>
    /// <returns>Whole records only; EINVAL where there is not room for one.</returns>
    internal override Result<long> ReadAs(GuestThread thread, ref IoVector to)
    {
        var size = Marshal.SizeOf<SignalfdSiginfo>();
        if (to.Remaining < size)
            return Errno.EINVAL;
        long done = 0;
        while (to.Remaining >= size && SignalWait.TryTake(thread, Mask, out var info))
        {
            var record = SignalfdSiginfo.From(info);
            if (to.CopyTo(MemoryMarshal.AsBytes(new ReadOnlySpan<SignalfdSiginfo>(in record))) < size)
                return done > 0 ? done : Errno.EFAULT; // the signal is lost, as it is on Linux
            done += size;
        }
        return done > 0 ? done : Errno.EAGAIN;
    }

    /// <inheritdoc/>
    public override PollEvents Poll(PollTable? table) => PollAs(null, table);

    /// <inheritdoc/>
    internal override PollEvents PollAs(GuestThread? thread, PollTable? table)
    {
        table?.Add(_maskChanged);
        if (thread is null)
            return PollEvents.None; // nobody's signals
        table?.Add(thread.Process.Signals.Arrived);
        return SignalWait.IsPending(thread, Mask) ? PollEvents.POLLIN : PollEvents.None;
    }

    /// <inheritdoc/>
    internal override void ShowInfo(SeqText text) => text.Add($"sigmask:\t{Mask.Bits:x16}\n");
}
