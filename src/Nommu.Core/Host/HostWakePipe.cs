namespace Nommu.Core.Host;

/// <summary>A pipe of the host's whose only use is to end a poll(2).</summary>
internal sealed unsafe class HostWakePipe : IDisposable
{
    private const int O_CLOEXEC = 0x80000;

    private readonly int _write;

    /// <exception cref="IOException">There is no descriptor left.</exception>
    internal HostWakePipe()
    {
        var fds = stackalloc int[2];
        if (HostCalls.pipe2(fds, O_CLOEXEC) != 0)
            throw new IOException("The host has no descriptor left.");
        (Read, _write) = (new HostDescriptor(fds[0]), fds[1]);
    }

    internal HostDescriptor Read { get; }

    internal void Wake() => _ = new HostDescriptor(_write).Write("!"u8);

    public void Dispose()
    {
        _ = HostCalls.close(Read.Number);
        _ = HostCalls.close(_write);
    }
}
