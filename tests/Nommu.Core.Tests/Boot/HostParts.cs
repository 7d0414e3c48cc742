using System.Collections.Concurrent;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Loader;
using Nommu.Core.Memory;
using Nommu.Core.Rewriter;

namespace Nommu.Core.Tests.Boot;

/// <summary>A format of a host's own: what begins with a percent sign is a text that shows what follows its first line.</summary>
internal sealed class PercentFormat : IBinaryFormat
{
    public string Name => "percent";

    public Result<LoadedImage> Load(ExecRequest request)
    {
        if (!request.Head.StartsWith("%"u8))
            return Errno.ENOEXEC;
        request.Arguments.RemoveFirst();
        request.Arguments.Prepend(request.ExecutedName.Span);
        request.Arguments.Prepend("+2"u8);
        request.Arguments.Prepend("-n"u8);
        request.Arguments.Prepend("tail"u8);
        return request.LoadInstead("/usr/bin/tail"u8);
    }
}

/// <summary>Stands in the place of the kernel's own format for scripts, and wants none.</summary>
internal sealed class NoScripts : IBinaryFormat
{
    public string Name => "script";

    public Result<LoadedImage> Load(ExecRequest request) => request.Head.StartsWith("#!"u8) ? Errno.ETXTBSY : Errno.ENOEXEC;
}

/// <summary>Rewrites what is big and lets the rest trap.</summary>
internal sealed class ByFile : IRewritingStrategy
{
    private const int Big = 100_000;

    private readonly DetourStrategy _detour = new();

    internal static ConcurrentQueue<int> Asked { get; } = [];

    public string Name => "by-file";

    public RewrittenText Rewrite(ExecutableText text)
    {
        Asked.Enqueue(text.Bytes.Length);
        return text.Bytes.Length >= Big ? _detour.Rewrite(text) : RewrittenText.Unchanged(text);
    }
}

/// <summary>One open file at a time, with nothing in it.</summary>
internal sealed class OpenOnce : CharacterDevice
{
    private int _open;

    internal int Opened { get; private set; }

    internal int Released { get; private set; }

    protected internal override Errno Open(CharacterDeviceFile file)
    {
        if (Interlocked.Exchange(ref _open, 1) != 0)
            return Errno.EBUSY;
        Opened++;
        return Errno.None;
    }

    protected internal override ValueTask<Result<int>> ReadAsync(CharacterDeviceFile file, Memory<byte> buffer, CancellationToken cancellationToken) => new(0);

    protected internal override void Release(CharacterDeviceFile file)
    {
        Released++;
        Volatile.Write(ref _open, 0);
    }
}

/// <summary>A file system with one file, that holds what was said when it was mounted.</summary>
internal sealed class NoteFs : IFileSystemType
{
    public string Name => "notefs";

    public long Magic => 0x6e6f7465;

    public Result<SuperBlock> Mount(in MountRequest request) => new NoteSuperBlock(this, request);

    private sealed class NoteSuperBlock : SuperBlock
    {
        internal NoteSuperBlock(NoteFs type, in MountRequest request) : base(type, request) => Root = new NoteDirectory(this, [.. request.Options, (byte)'\n']);

        public override DirectoryInode Root { get; }

        public override Result<Statfs> Statfs() => new Statfs { Type = Type.Magic, BlockSize = 4096, NameLength = FileName.MaximumLength };
    }

    private sealed class NoteDirectory(SuperBlock superBlock, byte[] text) : DirectoryInode(superBlock, 1, (InodeMode)0x16D, 0, 0)
    {
        private readonly NoteInode _note = new(superBlock, text);

        public override Result<Inode> Lookup(FileName name) => name == "note" ? _note : Errno.ENOENT;

        public override Result<DirectoryEntry> NextEntry(long cookie) => cookie == 0 ? new DirectoryEntry("note", _note.Ino, _note.Type, 1) : Errno.ENOENT;
    }

    private sealed class NoteInode : RegularInode
    {
        private readonly byte[] _text;

        internal NoteInode(SuperBlock superBlock, byte[] text) : base(superBlock, 2, (InodeMode)0x124, 0, 0) => (_text, Size) = (text, text.Length);

        public override Result<FileDescription> Open(in OpenRequest request) => new NoteFile(request, _text);
    }

    private sealed class NoteFile(in OpenRequest request, byte[] text) : SeekableFile(request.Path, request.Flags)
    {
        public override Result<long> ReadAt(ref IoVector to, long position) => position >= text.Length ? 0L : to.CopyTo(text.AsSpan((int)position));
    }
}
