using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Ipc;

/// <summary>Linux: <c>struct msg_sender</c>. Waits until its message has room.</summary>
internal sealed class MessageSender(GuestThread thread, MessageQueue queue, Message message) : IpcWaiter(thread)
{
    internal Message Message => message;

    /// <inheritdoc/>
    protected override void Leave() => queue.Senders.Remove(this);
}

/// <summary>Linux: <c>struct msg_receiver</c>. Waits for a message.</summary>
internal sealed class MessageReceiver(GuestThread thread, MessageQueue queue, MessageSelector selector, long size) : IpcWaiter(thread)
{
    internal MessageSelector Selector => selector;

    /// <summary>What it was given.</summary>
    internal Message? Message { get; private set; }

    /// <summary>Takes a message that it has asked for.</summary>
    /// <returns>False where it is too large, which it is told.</returns>
    internal bool Offer(Message message)
    {
        var fits = message.Body.Length <= size || (selector.Flags & MsgFlags.MSG_NOERROR) != 0;
        if (fits)
            Message = message;
        Finish(fits ? Errno.None : Errno.E2BIG);
        return fits;
    }

    /// <inheritdoc/>
    protected override void Leave() => queue.Receivers.Remove(this);
}
