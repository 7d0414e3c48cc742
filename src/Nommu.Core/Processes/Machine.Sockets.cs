using Nommu.Core.Net.Sockets;

namespace Nommu.Core.Processes;

/// <summary>What sockets there are.</summary>
internal sealed partial class Machine
{
    internal SocketFamilies SocketFamilies { get; init; } = new([]);
}
