using Nommu.Core.Abi;

namespace Nommu.Core.Ipc;

/// <summary>Linux: <c>convert_mode</c> and <c>testmsg</c>: which messages msgrcv(2) asks for.</summary>
/// <param name="Type">0 for any, a type, negative for the lowest up to one; with MSG_COPY a place.</param>
/// <param name="Flags">MSG_COPY and MSG_EXCEPT are looked at.</param>
internal readonly record struct MessageSelector(long Type, MsgFlags Flags)
{
    /// <summary>Linux lets the lowest number stand for its neighbour.</summary>
    private long Highest => Type == long.MinValue ? long.MaxValue : -Type;

    /// <summary>For one who waits, who does not ask for a place.</summary>
    internal bool Matches(Message message) => Type switch
    {
        0 => true,
        < 0 => message.Type <= Highest,
        _ when (Flags & MsgFlags.MSG_EXCEPT) != 0 => message.Type != Type,
        _ => message.Type == Type,
    };

    /// <summary>The one that is wanted of a queue; null where there is none.</summary>
    internal Message? Find(LinkedList<Message> messages)
    {
        if ((Flags & MsgFlags.MSG_COPY) != 0)
            return AtPlace(messages);
        Message? found = null;
        foreach (var message in messages)
        {
            if (!Matches(message))
                continue;
            if (Type >= 0)
                return message;
            if (found is null || message.Type < found.Type)
                found = message;
        }
        return found;
    }

    private Message? AtPlace(LinkedList<Message> messages)
    {
        var place = 0L;
        foreach (var message in messages)
        {
            if (place++ == Type)
                return message;
        }
        return null;
    }
}
