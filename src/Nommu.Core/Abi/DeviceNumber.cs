namespace Nommu.Core.Abi;

/// <summary>Linux: <c>dev_t</c>, with 12 bits of major and 20 of minor number; <see cref="Encoded"/> is how stat(2) and mknod(2) carry it.</summary>
/// <param name="Major">Selects the driver.</param>
/// <param name="Minor">Selects the device among the driver's.</param>
public readonly record struct DeviceNumber(uint Major, uint Minor)
{
    /// <summary>The number as user programs see it (makedev(3)).</summary>
    public ulong Encoded => (Minor & 0xff) | ((Major & 0xfff) << 8) | ((ulong)(Minor & ~0xffu) << 12) | ((ulong)(Major & ~0xfffu) << 32);

    /// <summary>Reads the number as user programs write it.</summary>
    /// <param name="encoded">As made by makedev(3).</param>
    /// <returns>Its two parts.</returns>
    public static DeviceNumber FromEncoded(ulong encoded) => new(
        (uint)((encoded >> 8) & 0xfff) | (uint)((encoded >> 32) & ~0xfffu),
        (uint)(encoded & 0xff) | (uint)((encoded >> 12) & ~0xffu));
}
