using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Net.Sockets;

/// <summary>Linux: <c>struct msghdr</c> on its way out, with <c>struct scm_cookie</c>.</summary>
internal ref struct OutgoingMessage
{
    /// <summary>The bytes.</summary>
    internal IoVector Data;

    /// <summary>Who sends.</summary>
    internal required GuestThread Thread { get; init; }

    /// <summary>Where to; empty for the peer.</summary>
    internal ReadOnlySpan<byte> To { get; init; }

    internal MessageFlags Flags { get; init; }

    /// <summary>Open files that go along. Each has a reference, which whoever takes the message takes over, setting this to null.</summary>
    internal FileDescription[]? Files { get; set; }

    /// <summary>What the sender says it is; null where it says nothing.</summary>
    internal Ucred? Credentials { get; set; }

    /// <summary>Linux: <c>scm_destroy</c>: what nobody took.</summary>
    internal void Dispose()
    {
        foreach (var file in Files ?? [])
            file.Release();
        Files = null;
    }
}
