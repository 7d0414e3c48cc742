using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;

namespace Nommu.Core.Net.Sockets;

/// <summary>Linux: <c>struct msghdr</c> on its way in, with <c>struct scm_cookie</c>.</summary>
internal ref struct IncomingMessage
{
    /// <summary>Where the bytes go.</summary>
    internal IoVector Data;

    internal MessageFlags Flags { get; init; }

    /// <summary>MSG_TRUNC and its like, for the receiver.</summary>
    internal MessageFlags Answer { get; set; }

    /// <summary>The sender's address; null where it has none or it is not told.</summary>
    internal byte[]? From { get; set; }

    /// <summary>The sender, where SO_PASSCRED asks for it.</summary>
    internal Ucred? Credentials { get; set; }

    /// <summary>Open files that came along; each has a reference.</summary>
    internal FileDescription[]? Files { get; set; }

    /// <summary>Whether the receiver would wait.</summary>
    internal bool Waits { get; set; }

    internal readonly bool IsPeek => (Flags & MessageFlags.MSG_PEEK) != 0;

    /// <summary>Linux: <c>scm_destroy</c>: what nobody took.</summary>
    internal void Dispose()
    {
        foreach (var file in Files ?? [])
            file.Release();
        Files = null;
    }
}
