using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Host;
using Nommu.Core.Memory;

namespace Nommu.Core.Tests.Fs.Tmpfs;

public class TmpfsFileTests
{
    private readonly TestFiles _files = new();

    [TearDown]
    public void TearDown() => _files.Dispose();

    [Test]
    public void WhatIsWrittenIsRead()
    {
        Assert.That(_files.Write("/file", "hello"), Is.EqualTo(Errno.None));
        Assert.That(_files.Write("/file", " world", OpenFlags.O_WRONLY | OpenFlags.O_APPEND), Is.EqualTo(Errno.None));
        Assert.That(_files.Read("/file"), Is.EqualTo("hello world"));
    }

    [Test]
    public void RandomWritesAndCutsLeaveWhatAnArrayWouldHold([Range(0, 19)] int seed)
    {
        var random = new Random(seed);
        var model = new byte[1 << 19];
        var size = 0;
        var file = _files.Open("/file", OpenFlags.O_RDWR | OpenFlags.O_CREAT).Value;
        for (var step = 0; step < 300; step++)
        {
            var offset = random.Next(model.Length - 1);
            var length = random.Next(1, Math.Min(random.Next(2) == 0 ? 100 : 60000, model.Length - offset));
            switch (random.Next(5))
            {
                case 0 or 1:
                    var bytes = new byte[length];
                    random.NextBytes(bytes);
                    var from = new IoVector((ReadOnlySpan<byte>)bytes);
                    Assert.That(file.WriteAt(ref from, offset).Value, Is.EqualTo(length));
                    bytes.CopyTo(model, offset);
                    size = Math.Max(size, offset + length);
                    break;
                case 2:
                    Assert.That(file.Truncate(offset), Is.EqualTo(Errno.None));
                    if (offset < size)
                        model.AsSpan(offset, size - offset).Clear();
                    size = offset;
                    break;
                case 3:
                    Assert.That(file.Allocate(FallocateMode.FALLOC_FL_PUNCH_HOLE | FallocateMode.FALLOC_FL_KEEP_SIZE, offset, length), Is.EqualTo(Errno.None));
                    model.AsSpan(offset, length).Clear();
                    break;
                default:
                    Assert.That(file.Allocate(FallocateMode.None, offset, length), Is.EqualTo(Errno.None));
                    size = Math.Max(size, offset + length);
                    break;
            }
            Assert.That(file.Inode.Size, Is.EqualTo(size));
        }
        var read = new byte[model.Length];
        var to = new IoVector(read.AsSpan());
        Assert.That(file.ReadAt(ref to, 0).Value, Is.EqualTo(size));
        Assert.That(read.AsSpan().SequenceEqual(model), Is.True, $"seed {seed}");
        file.Release();
        _files.Unlink("/file");
        Assert.That(_files.Store.FreePages, Is.EqualTo(_files.Store.TotalPages));
    }

    [Test]
    public void AnUnlinkedFileLivesAsLongAsItIsOpen()
    {
        _files.Write("/file", "still here");
        var file = _files.Open("/file").Value;
        Assert.That(_files.Unlink("/file"), Is.EqualTo(Errno.None));
        Assert.That(_files.Store.FreePages, Is.LessThan(_files.Store.TotalPages));
        var buffer = new byte[20];
        var to = new IoVector(buffer.AsSpan());
        Assert.That(file.Read(ref to).Value, Is.EqualTo(10));
        file.Release();
        Assert.That(_files.Store.FreePages, Is.EqualTo(_files.Store.TotalPages));
    }

    [Test]
    public void AFullFileSystemWritesWhatFitsAndThenSaysSo()
    {
        _files.MakeDirectory("/small");
        Assert.That(_files.Mount("tmpfs", "/small", options: "size=8k"), Is.EqualTo(Errno.None));
        var file = _files.Open("/small/file", OpenFlags.O_RDWR | OpenFlags.O_CREAT).Value;
        var from = new IoVector((ReadOnlySpan<byte>)new byte[10000]);
        Assert.That(file.Write(ref from).Value, Is.EqualTo(8192));
        from = new IoVector((ReadOnlySpan<byte>)new byte[1]);
        Assert.That(file.Write(ref from).Error, Is.EqualTo(Errno.ENOSPC));
        file.Truncate(0);
        from = new IoVector((ReadOnlySpan<byte>)new byte[1]);
        file.Seek(0, SeekWhence.SEEK_SET);
        Assert.That(file.Write(ref from).Value, Is.EqualTo(1));
        file.Release();
    }

    [Test]
    public void HolesAreFoundAndTakeNoBlocks()
    {
        var file = _files.Open("/file", OpenFlags.O_RDWR | OpenFlags.O_CREAT).Value;
        var from = new IoVector((ReadOnlySpan<byte>)new byte[10]);
        file.WriteAt(ref from, 1 << 20);
        Assert.That(file.Inode.Blocks, Is.EqualTo(8));
        Assert.That(file.Seek(0, SeekWhence.SEEK_DATA).Value, Is.EqualTo(1 << 20));
        Assert.That(file.Seek(0, SeekWhence.SEEK_HOLE).Value, Is.Zero);
        Assert.That(file.Seek(1 << 20, SeekWhence.SEEK_HOLE).Value, Is.EqualTo((1 << 20) + 10));
        Assert.That(file.Seek((1 << 20) + 10, SeekWhence.SEEK_DATA).Error, Is.EqualTo(Errno.ENXIO));
        file.Release();
    }

    [Test]
    public void AMappingSeesWhatIsWrittenAndKeepsItsPagesThroughACut()
    {
        _files.Write("/file", new string('a', 5000));
        var file = _files.Open("/file", OpenFlags.O_RDWR).Value;
        var runs = new List<MappedRun>();
        var mappable = (IMappable)file.Inode;
        var pages = (HostMemoryFile)mappable.Backing;
        Assert.That(mappable.Map(forWriting: true, mapper: null), Is.EqualTo(Errno.None));
        Assert.That(mappable.Locate(0, 1 << 16, runs), Is.EqualTo(Errno.None));
        Assert.That(runs.Sum(run => run.Length), Is.EqualTo(8192));
        pages.Span(runs[0].BackingOffset, 1)[0] = (byte)'b';
        Assert.That(_files.Read("/file")[..2], Is.EqualTo("ba"));
        var free = _files.Store.FreePages;
        Assert.That(file.Truncate(0), Is.EqualTo(Errno.None));
        Assert.That(_files.Store.FreePages, Is.EqualTo(free));
        Assert.That(pages.Span(runs[0].BackingOffset, 1)[0], Is.Zero);
        mappable.Unmap(forWriting: true, mapper: null);
        Assert.That(_files.Store.FreePages, Is.EqualTo(_files.Store.TotalPages));
        file.Release();
    }
}
