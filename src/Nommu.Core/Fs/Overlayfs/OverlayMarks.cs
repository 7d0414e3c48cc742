using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Overlayfs;

/// <summary>How a layer says that something below it is gone, in Linux's own format (Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories"), so that a layer can be looked at and taken along.</summary>
internal static class OverlayMarks
{
    private static readonly FileName s_opaque = "trusted.overlay.opaque";

    private static ReadOnlySpan<byte> Private => "trusted.overlay."u8;

    private static ReadOnlySpan<byte> Escaped => "trusted.overlay.overlay."u8;

    /// <summary>Attributes of this prefix are the overlay's own, and are not shown. Those that a guest of the overlay gives such a name have the prefix twice in the layer: they may be the marks of an overlay in an overlay.</summary>
    internal static bool IsPrivate(FileName attribute) => attribute.Bytes.StartsWith(Private) && !attribute.Bytes.StartsWith(Escaped);

    /// <summary>What an attribute of the overlay is called in the layer.</summary>
    internal static FileName InLayer(FileName attribute) =>
        attribute.Bytes.StartsWith(Private) ? new FileName([.. Escaped, .. attribute.Bytes[Private.Length..]]) : attribute;

    /// <summary>The way back.</summary>
    internal static FileName InOverlay(FileName attribute) =>
        attribute.Bytes.StartsWith(Escaped) ? new FileName([.. Private, .. attribute.Bytes[Escaped.Length..]]) : attribute;

    /// <summary>A character device with the number 0: the name is gone.</summary>
    internal static bool IsWhiteout(Inode inode) => inode.Type == InodeMode.S_IFCHR && inode.Rdev == default;

    /// <summary>A directory in place of what is below, instead of together with it.</summary>
    internal static bool IsOpaque(Inode directory) => directory.GetXattr(s_opaque) is { IsOk: true, Value: [(byte)'y'] };

    internal static Errno MakeOpaque(Inode directory) => directory.SetXattr(s_opaque, "y"u8.ToArray(), XattrFlags.None);
}
