namespace Nommu.Core.Fs;

/// <summary>Linux: <c>struct path</c>. A place in the tree of mounts. Called so because <c>System.IO.Path</c> has the other name.</summary>
/// <param name="Mount">The mount seen through.</param>
/// <param name="Dentry">The place in that mount's file system.</param>
public readonly record struct FsPath(Mount Mount, Dentry Dentry)
{
    /// <summary>The inode at this place.</summary>
    public Inode Inode => Dentry.Inode;

    /// <summary>False for the default value, which is no place at all.</summary>
    public bool IsValid => Dentry is not null;
}
