using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs.Pipes;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>pipe(2) and pipe2(2).</summary>
internal static class PipeSyscalls
{
    [Syscall(22, "pipe")]
    internal static SyscallResult Pipe(GuestThread thread, [Out, ShownBy(nameof(TraceWriter.Pair))] UserPtr<int> ends) => Pipe2(thread, ends, OpenFlags.O_RDONLY);

    [Syscall(293, "pipe2")]
    internal static SyscallResult Pipe2(GuestThread thread, [Out, ShownBy(nameof(TraceWriter.Pair))] UserPtr<int> ends, [ShownBy(nameof(TraceWriter.DescriptorFlags))] OpenFlags flags)
    {
        // Linux's notification pipes (O_EXCL) are an option of its build; without it they are no flag either.
        if ((flags & ~(OpenFlags.O_CLOEXEC | OpenFlags.O_NONBLOCK | OpenFlags.O_DIRECT)) != 0)
            return Errno.EINVAL;
        var (reader, writer) = PipeFile.CreatePair(thread.FsCaller, flags & ~OpenFlags.O_CLOEXEC);
        return UserDescriptorPair.Install(thread, reader, writer, (flags & OpenFlags.O_CLOEXEC) != 0, ends);
    }
}
