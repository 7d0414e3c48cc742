using System.Runtime.InteropServices;

namespace Nommu.Core.Host;

/// <summary>Calls on the host's descriptors.</summary>
internal static unsafe partial class HostCalls
{
    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int poll(HostPollFd* fds, nuint count, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int pipe2(int* fds, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);
}

/// <summary>The host's <c>struct pollfd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct HostPollFd
{
    internal int Descriptor;
    internal short Events;
    internal short Found;
}
