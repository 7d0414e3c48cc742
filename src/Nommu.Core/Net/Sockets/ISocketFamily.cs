using Nommu.Core.Abi;

namespace Nommu.Core.Net.Sockets;

/// <summary>Linux: <c>struct net_proto_family</c>. What socket(2) makes for one address family.</summary>
internal interface ISocketFamily
{
    /// <summary>The family it stands for.</summary>
    AddressFamily Family { get; }

    /// <summary>Makes a socket.</summary>
    /// <param name="type">Without flags.</param>
    /// <param name="protocol">0 for the type's own.</param>
    /// <returns>EPROTONOSUPPORT or ESOCKTNOSUPPORT.</returns>
    Result<Socket> Create(SocketType type, int protocol);

    /// <summary>socketpair(2): connects two new sockets to each other.</summary>
    /// <param name="first">One.</param>
    /// <param name="second">The other.</param>
    /// <param name="owner">Who made them.</param>
    /// <returns>EOPNOTSUPP where there are no such pairs.</returns>
    Errno Pair(Socket first, Socket second, Ucred owner);
}

/// <summary>Linux: <c>net_families</c>.</summary>
internal sealed class SocketFamilies(IEnumerable<ISocketFamily> families)
{
    private readonly Dictionary<AddressFamily, ISocketFamily> _families = Index(families);

    /// <summary>Linux: what <c>__sock_create</c> refuses before a family is asked.</summary>
    /// <returns>EAFNOSUPPORT, EINVAL.</returns>
    internal Errno Find(int family, SocketType type, out ISocketFamily? found)
    {
        found = null;
        if ((uint)family >= (uint)AddressFamily.AF_MAX)
            return Errno.EAFNOSUPPORT;
        // Linux: SOCK_MAX.
        if ((uint)type >= 11)
            return Errno.EINVAL;
        return _families.TryGetValue((AddressFamily)family, out found) ? Errno.None : Errno.EAFNOSUPPORT;
    }

    private static Dictionary<AddressFamily, ISocketFamily> Index(IEnumerable<ISocketFamily> families)
    {
        var index = new Dictionary<AddressFamily, ISocketFamily>();
        foreach (var family in families)
            index[family.Family] = family;
        return index;
    }
}
