using System.Runtime.InteropServices;

namespace Nommu.Core.Host;

/// <summary>The calls of the host's libc that this library makes: blittable, so that they marshal nothing and are AOT-clean.</summary>
internal static unsafe partial class HostCalls
{
    internal const int SYS_rt_sigaction = 13;
    internal const int SYS_tgkill = 234;
    internal const int SYS_gettid = 186;
    internal const int SYS_futex = 202;
    internal const int SYS_arch_prctl = 158;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint mmap(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int munmap(nint address, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int mprotect(nint address, nuint length, int protection);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int madvise(nint address, nuint length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sigaltstack(HostStack* stack, HostStack* old);

    [LibraryImport("libc")]
    internal static partial int pthread_sigmask(int how, ulong* set, ulong* old);

    [LibraryImport("libc")]
    internal static partial nuint getauxval(nuint type);

    /// <summary>syscall(2) with a variable argument list on the C side: on x86-64 integer arguments travel alike, and al (vector count) may hold anything.</summary>
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);
}

/// <summary>The host's <c>stack_t</c> (sigaltstack(2)).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct HostStack
{
    internal nint Pointer;
    internal int Flags;
    internal nuint Size;
}

/// <summary>The host kernel's own <c>struct sigaction</c> for x86-64, as rt_sigaction(2) takes it; libc's has another layout and chooses the restorer itself.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct HostSigaction
{
    internal ulong Handler;
    internal ulong Flags;
    internal ulong Restorer;
    internal ulong Mask;
}
