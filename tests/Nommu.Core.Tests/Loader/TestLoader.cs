using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Loader;
using Nommu.Core.Memory;
using Nommu.Core.Rewriter;
using Nommu.Core.Tests.Fs;
using Nommu.Core.Time;

namespace Nommu.Core.Tests.Loader;

/// <summary>A file system, an arena and a loader, without the rest of a kernel. At the end everything must have come back.</summary>
internal sealed class TestLoader : IDisposable
{
    private const ulong Reservation = 4UL << 30;
    private const ulong VdsoLength = 2 * Arena.PageSize;

    private readonly ProgramLoader _loader;

    internal TestLoader(ulong memory = 64 << 20, IRewritingStrategy? strategy = null)
    {
        Arena = new Arena(memory, Reservation);
        Texts = new ProgramTexts(Arena, new RewrittenImageCache(new RewrittenImageStore(), strategy ?? new DetourStrategy()));
        Clock = new KernelClock(TimeProvider.System);
        Vdso = new Vdso(Arena, Clock);
        Format = new ElfFormat(Arena, Texts, Vdso, new ElfFormatOptions());
        _loader = new ProgramLoader(Arena, [Format, new ScriptFormat()]) { Refused = (_, reason) => Reason = reason };
    }

    internal Arena Arena { get; }

    internal TestFiles Files { get; } = new(32 << 20);

    internal ProgramTexts Texts { get; }

    internal KernelClock Clock { get; }

    internal Vdso Vdso { get; }

    internal ElfFormat Format { get; }

    /// <summary>What the log would say of the last file that was not loaded.</summary>
    internal string? Reason { get; private set; }

    internal void Add(string path, ReadOnlySpan<byte> contents)
    {
        for (var at = path.IndexOf('/', 1); at > 0; at = path.IndexOf('/', at + 1))
            _ = Files.MakeDirectory(path[..at]);
        var file = Files.Open(path, OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_TRUNC, 0x1ED).Value;
        var from = new IoVector(contents);
        Assert.That(file.Write(ref from).Value, Is.EqualTo(contents.Length));
        file.Release();
    }

    internal Result<LoadedImage> Load(string path, string[] arguments, params string[] environment)
    {
        var opened = FileOpening.OpenForExec(Files.Caller, Files.Start, Encoding.UTF8.GetBytes(path));
        return opened.TryGet(out var file)
            ? _loader.Load(new ExecRequest(_loader, Files.Caller, file, Encoding.UTF8.GetBytes(path), ArgumentStrings.From(arguments), ArgumentStrings.From(environment)))
            : opened.Error;
    }

    internal LoadedImage LoadOk(string path, params string[] arguments)
    {
        var loaded = Load(path, arguments, "PATH=/bin", "HOME=/");
        Assert.That(loaded.Error, Is.EqualTo(Errno.None), Reason);
        return loaded.Value;
    }

    internal ulong Word(ulong address)
    {
        Assert.That(Arena.Memory.Read(new UserPtr<ulong>(address), out var value), Is.EqualTo(Errno.None));
        return value;
    }

    internal byte[] Bytes(ulong address, int length)
    {
        var bytes = new byte[length];
        Assert.That(Arena.Memory.Read(address, bytes), Is.EqualTo(Errno.None));
        return bytes;
    }

    internal string Text(ulong address)
    {
        Span<byte> buffer = stackalloc byte[4096];
        return Encoding.UTF8.GetString(buffer[..Arena.Memory.ReadString(address, buffer).Value]);
    }

    internal void AssertAllCameBack()
    {
        Format.ReleaseImages();
        Assert.That((Arena.Charged, Arena.FreeLength), Is.EqualTo((0L, Reservation - VdsoLength)), "memory is left behind");
    }

    public void Dispose()
    {
        AssertAllCameBack();
        Vdso.Dispose();
        Texts.Dispose();
        Files.Dispose();
        Arena.Dispose();
    }
}
