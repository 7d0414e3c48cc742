using System.Runtime.Intrinsics.X86;

namespace Nommu.Core.Execution;

/// <summary>Linux: <c>fpu_user_cfg</c>: how much of the XSAVE image a program sees in a signal frame.</summary>
/// <param name="UserSize">Bytes in standard format.</param>
/// <param name="UserFeatures">The features, as bits of XCR0.</param>
internal readonly record struct XStateLayout(int UserSize, ulong UserFeatures)
{
    private const int LegacyAndHeader = 576, TileData = 18, Features = 64;

    /// <summary>From CPUID leaf 0Dh (Intel SDM vol. 1, 13.2): each feature's place. Tile data is not among them: a program must ask for it (arch_prctl ARCH_REQ_XCOMP_PERM), and a small alternate stack could not hold it.</summary>
    /// <param name="hostSize">What the host has enabled ends here.</param>
    internal static XStateLayout OfThisHost(int hostSize)
    {
        var (low, _, _, high) = X86Base.CpuId(0xd, 0);
        var supported = (uint)low | ((ulong)(uint)high << 32);
        var features = supported & 3;
        var end = LegacyAndHeader;
        for (var i = 2; i < Features - 1; i++)
        {
            if ((supported & (1UL << i)) == 0 || i == TileData)
                continue;
            var (size, offset, _, _) = X86Base.CpuId(0xd, i);
            if (size == 0 || offset + size > hostSize)
                continue;
            features |= 1UL << i;
            end = Math.Max(end, offset + size);
        }
        return new XStateLayout(end, features);
    }
}
