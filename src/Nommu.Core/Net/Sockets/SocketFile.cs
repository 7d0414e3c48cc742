using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Net.Sockets;

/// <summary>Linux: <c>struct socket</c> with its <c>struct file</c>: a socket as a descriptor shows it.</summary>
internal sealed class SocketFile : FileDescription
{
    private SocketFile(FsPath path, Socket socket, OpenFlags flags) : base(path, OpenFlags.O_RDWR | flags)
    {
        Socket = socket;
        socket.Attached(this);
    }

    internal Socket Socket { get; }

    /// <summary>Gives a socket its open file.</summary>
    /// <param name="caller">The owner.</param>
    /// <param name="socket">The socket; closed with the file.</param>
    /// <param name="flags">SOCK_NONBLOCK.</param>
    internal static SocketFile Open(in FsCaller caller, Socket socket, SocketType flags)
    {
        var place = caller.Fs.FileSystem.Anonymous.Create("socket", InodeMode.S_IFSOCK | InodeMode.S_IRWXUGO, caller.Credentials.Fsuid, caller.Credentials.Fsgid);
        return new SocketFile(place, socket, (OpenFlags)(flags & SocketType.SOCK_NONBLOCK));
    }

    /// <inheritdoc/>
    public override bool WritesInParts => Socket.IsStream;

    internal override long ReadTimeout => Socket.Options.ReceiveTimeout;

    internal override long WriteTimeout => Socket.Options.SendTimeout;

    /// <inheritdoc/>
    public override Result<long> Read(ref IoVector to)
    {
        if (to.Remaining == 0)
            return 0;
        var message = new IncomingMessage { Data = to, Waits = !IsNonblocking };
        var result = Socket.Receive(ref message, out _);
        to = message.Data;
        message.Dispose();
        return result;
    }

    internal override Result<long> WriteAs(GuestThread thread, ref IoVector from)
    {
        var message = new OutgoingMessage { Data = from, Thread = thread };
        var result = Socket.Send(ref message, out _);
        from = message.Data;
        return result;
    }

    /// <inheritdoc/>
    public override PollEvents Poll(PollTable? table) => Socket.Poll(table);

    /// <inheritdoc/>
    public override Result<long> Ioctl(in IoctlRequest request) => Socket.Ioctl(request);

    internal override void ReferenceDropped() => Socket.ReferenceDropped();

    /// <inheritdoc/>
    protected override void Close() => Socket.Close();
}
