using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct statfs</c> of x86-64 (120 bytes): what a file system says of itself (statfs(2)).</summary>
[StructLayout(LayoutKind.Sequential, Size = 120)]
public record struct Statfs
{
    /// <summary>The magic number of the file system type.</summary>
    public long Type { get; set; }

    /// <summary>Bytes in a block.</summary>
    public long BlockSize { get; set; }

    /// <summary>Blocks in all.</summary>
    public ulong Blocks { get; set; }

    /// <summary>Free blocks.</summary>
    public ulong BlocksFree { get; set; }

    /// <summary>Free blocks for those who are not root.</summary>
    public ulong BlocksAvailable { get; set; }

    /// <summary>Inodes in all.</summary>
    public ulong Files { get; set; }

    /// <summary>Free inodes.</summary>
    public ulong FilesFree { get; set; }

    /// <summary>Identity of the file system.</summary>
    public ulong FileSystemId { get; set; }

    /// <summary>Longest name.</summary>
    public long NameLength { get; set; }

    /// <summary>Bytes in a fragment.</summary>
    public long FragmentSize { get; set; }

    /// <summary>Mount flags (ST_*).</summary>
    public long Flags { get; set; }
}
