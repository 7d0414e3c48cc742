using System.Buffers.Binary;
using Nommu.Core.Abi;
using Nommu.Core.Loader;
using Nommu.Core.Loader.Elf;
using Nommu.Core.Rewriter;

namespace Nommu.Core.Tests.Loader;

/// <summary>Hostile files: whatever stands in them, the answer is an errno or an image whose every offset is in the file.</summary>
public class ElfFuzzTests
{
    private const int Mutations = 10_000;

    private static readonly ulong[] Interesting =
        [0, 1, 7, 0x7f, 0xff, 0x1000, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 1UL << 47, (1UL << 47) + 1, long.MaxValue, 1UL << 63, ulong.MaxValue - 4095, ulong.MaxValue];

    [Test]
    public void MutatedHeadersAreAnErrnoOrAnImageInBounds()
    {
        var seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var original = Sample();
        var accepted = 0;
        for (var i = 0; i < Mutations; i++)
        {
            var file = Mutate(original, random);
            Result<ElfImage> result = default;
            Assert.DoesNotThrow(() => result = Use(file), $"seed {seed}, mutation {i}");
            accepted += result.IsOk ? 1 : 0;
            Assert.That(result.Error, Is.AnyOf(Errno.None, Errno.ENOEXEC));
        }
        Assert.That(accepted, Is.InRange(1, Mutations - 1), "the mutations test nothing");
    }

    [Test]
    public void MutatedHeadersAreAnErrnoOrAProgramThatCanBeAbandoned()
    {
        var seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var loader = new TestLoader();
        loader.Add("/lib/ld.so", Sample());
        var original = Sample();
        var accepted = 0;
        for (var i = 0; i < Mutations; i++)
        {
            loader.Add("/program", Mutate(original, random));
            Result<LoadedImage> loaded = default;
            Assert.DoesNotThrow(() => loaded = loader.Load("/program", ["program"]), $"seed {seed}, mutation {i}");
            Assert.That(loaded.Error, Is.AnyOf(Errno.None, Errno.ENOEXEC, Errno.ENOMEM, Errno.ENOENT, Errno.EACCES, Errno.ELIBBAD, Errno.ENOTDIR, Errno.ELOOP, Errno.EINVAL), $"seed {seed}, mutation {i}");
            accepted += loaded.IsOk ? 1 : 0;
            if (loaded.TryGet(out var image))
                image.Abandon();
            if (i % 100 == 0)
                loader.AssertAllCameBack();
        }
        Assert.That(accepted, Is.InRange(1, Mutations - 1), "the mutations test nothing");
    }

    [Test]
    public void ATruncatedFileIsAnErrno()
    {
        var original = Sample();
        for (var length = 0; length < original.Length; length += length < 0x400 ? 1 : 61)
            Assert.That(ElfImage.Parse(original.AsMemory(0, length)).Error, Is.EqualTo(Errno.ENOEXEC));
    }

    // A small program with every table the reader knows: its own code, so the test needs no file of the machine.
    private static byte[] Sample()
    {
        byte[] frameHeader = [1, 0x1b, 3, 0x3b, 0, 0, 0, 0, 1, 0, 0, 0, .. Int32(0x1000 - 0x380), .. Int32(0x3a0 - 0x380)];
        byte[] frames = [.. Int32(20), .. Int32(0), 1, (byte)'z', (byte)'L', (byte)'R', 0, 1, 0x78, 16, 2, 0x1b, 0x1b, 0, 0, 0, .. Int32(20), .. Int32(0), .. Int32(0), .. Int32(0x100), 4, .. Int32(8), 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32LittleEndian(frames.AsSpan(28), 28);
        byte[] dynamic = [.. Int64(6), .. Int64(0x280), .. Int64(0x6ffffef5), .. Int64(0x300), .. Int64(4), .. Int64(0x340), .. Int64(0), .. Int64(0)];
        byte[] symbols = [.. new byte[24], .. Int32(1), 0x12, 0, 1, 0, .. Int64(0x1010), .. Int64(4)];
        byte[] gnuHash = [.. Int32(1), .. Int32(1), .. Int32(1), .. Int32(0), .. Int64(-1), .. Int32(1), .. Int32(3)];
        byte[] code = [0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3, 0x48, 0x8d, 0x05, 0, 0, 0, 0, 0x90, 0x31, 0xc0, 0x0f, 0x05, 0x48, 0x89, 0xc7, 0xeb, 0xf7, 0xcc];
        var first = new byte[0x500];
        dynamic.CopyTo(first, 0x200);
        symbols.CopyTo(first, 0x280);
        gnuHash.CopyTo(first, 0x300);
        Int32(1).CopyTo(first, 0x340);
        Int32(2).CopyTo(first, 0x344);
        frameHeader.CopyTo(first, 0x380);
        frames.CopyTo(first, 0x3a0);
        return new ElfBuilder()
            .Add(ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R, 0, first)
            .Add(ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R | ElfSegmentFlags.PF_X, 0x1000, code)
            .Add(ElfSegmentType.PT_DYNAMIC, ElfSegmentFlags.PF_R, 0x200, dynamic)
            .Add(ElfSegmentType.PT_GNU_EH_FRAME, ElfSegmentFlags.PF_R, 0x380, frameHeader)
            .Add(ElfSegmentType.PT_NOTE, ElfSegmentFlags.PF_R, 0x400, new byte[32])
            .Add(ElfSegmentType.PT_INTERP, ElfSegmentFlags.PF_R, 0x440, "/lib/ld.so\0"u8)
            .Build();
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        var file = original.ToArray();
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            // Headers and tables most of the time, anything else at times; whole fields rather than bytes.
            var at = random.Next(3) == 0 ? random.Next(file.Length - 8) : random.Next(0x440);
            if (random.Next(2) == 0)
                file[at] = (byte)random.Next(256);
            else
                BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at & ~7), Interesting[random.Next(Interesting.Length)]);
        }
        return random.Next(8) == 0 ? file[..random.Next(file.Length)] : file;
    }

    // All that a loader and the rewriter ask an image.
    private static Result<ElfImage> Use(byte[] file)
    {
        var result = ElfImage.Parse(file, out _);
        if (!result.TryGet(out var image))
            return result;
        foreach (var header in image.ProgramHeaders)
        {
            if (header.Type is ElfSegmentType.PT_NULL or ElfSegmentType.PT_GNU_STACK)
                continue;
            Assert.That(header.FileSize == 0 || header.Offset + header.FileSize <= (ulong)file.Length);
            Assert.That(header.MemoryEnd, Is.LessThanOrEqualTo(ElfImage.AddressLimit));
            Assert.That(image.Contents(header).Length, Is.EqualTo((int)header.FileSize));
        }
        Assert.That(image.HighAddress, Is.LessThanOrEqualTo(ElfImage.AddressLimit));
        image.ReadNotes();
        image.ReadSymbols();
        foreach (var function in image.ReadFunctionTable())
            image.TryCollectLandingPads(function, []);
        foreach (var text in ExecutableText.FromImage(image))
            new DetourStrategy().Rewrite(text).Apply(text.Bytes.ToArray(), 0x10000, new byte[0x10000], 0x20000);
        return result;
    }

    private static byte[] Int32(int value) => BitConverter.GetBytes(value);

    private static byte[] Int64(long value) => BitConverter.GetBytes(value);
}
