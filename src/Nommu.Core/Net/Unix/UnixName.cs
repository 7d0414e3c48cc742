using System.Runtime.InteropServices;
using Nommu.Core.Abi;

namespace Nommu.Core.Net.Unix;

/// <summary>Linux: <c>struct sockaddr_un</c> (unix(7)): the family, and behind it a path, or a name that begins with a zero and stands for itself.</summary>
internal static class UnixName
{
    /// <summary>sizeof(sun_path).</summary>
    private const int MaximumPath = 108;

    private const int FamilyLength = sizeof(ushort);

    /// <summary>A socket without a name.</summary>
    internal static ReadOnlySpan<byte> None => [(byte)AddressFamily.AF_UNIX, 0];

    /// <summary>The family alone, with which bind(2) asks for any name.</summary>
    internal static bool IsEmpty(ReadOnlySpan<byte> address) => address.Length == FamilyLength && FamilyOf(address) == AddressFamily.AF_UNIX;

    /// <summary>AF_UNSPEC, with which connect(2) dissolves a connection.</summary>
    internal static bool IsUnspecified(ReadOnlySpan<byte> address) => address.Length >= FamilyLength && FamilyOf(address) == AddressFamily.AF_UNSPEC;

    /// <summary>Linux: <c>unix_validate_addr</c>.</summary>
    internal static bool IsValid(ReadOnlySpan<byte> address) => address.Length is > FamilyLength and <= FamilyLength + MaximumPath && FamilyOf(address) == AddressFamily.AF_UNIX;

    /// <summary>What stands behind the family: a path without its end, or a name of its own whole.</summary>
    internal static ReadOnlySpan<byte> Path(ReadOnlySpan<byte> address)
    {
        var path = address[FamilyLength..];
        if (path[0] == 0)
            return path;
        var end = path.IndexOf((byte)0);
        return end < 0 ? path : path[..end];
    }

    /// <summary>The address of a path, with its end, or of a name of its own.</summary>
    internal static byte[] Of(ReadOnlySpan<byte> path) => path[0] == 0 ? [.. None, .. path] : [.. None, .. path, 0];

    private static AddressFamily FamilyOf(ReadOnlySpan<byte> address) => MemoryMarshal.Read<AddressFamily>(address);
}
