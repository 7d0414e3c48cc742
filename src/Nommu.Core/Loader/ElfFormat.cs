using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Host;
using Nommu.Core.Loader.Elf;
using Nommu.Core.Memory;

namespace Nommu.Core.Loader;

/// <summary>
/// Linux: fs/binfmt_elf.c. Differs: all programs lie in one process of the host, position-independent ones where there is room, those with a fixed address there if it is free (<see cref="FixedAddresses"/>); their text is rewritten; the stack's size is fixed, as on nommu.
/// Phases: read what is to be run and its interpreter; build a new address space from them; fill its stack. The point of no return lies behind all of them, with the caller
/// (<c>GuestThread.Execute</c>): until then nothing of the old program has changed, and an error leaves it running.
/// </summary>
internal sealed class ElfFormat(Arena arena, ProgramTexts texts, Vdso vdso, ElfFormatOptions options) : IBinaryFormat, IDisposable
{
    private const ulong SmallestHeap = 1 << 20;
    private const ulong ProgramHeaderSize = 56;
    private const ulong ClockTicks = 100;
    private const MapProtection ReadWrite = MapProtection.PROT_READ | MapProtection.PROT_WRITE;

    private readonly ImageSlots _slots = new(arena);

    /// <inheritdoc/>
    public string Name => "elf";

    /// <summary>How many images wait for their next execution.</summary>
    internal int Images => _slots.Count;

    /// <summary>Gives back the images that wait for their next execution.</summary>
    internal void ReleaseImages() => _slots.Clear();

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    /// <inheritdoc/>
    public Result<LoadedImage> Load(ExecRequest request)
    {
        if (!request.Head.StartsWith("\u007fELF"u8))
            return Errno.ENOEXEC;
        var read = texts.Load(request.File, out var reason);
        if (!read.TryGet(out var program))
        {
            request.Reason = reason;
            return read.Error;
        }
        try
        {
            return Load(request, program);
        }
        finally
        {
            program.Release();
        }
    }

    private Result<LoadedImage> Load(ExecRequest request, ProgramFile program)
    {
        if (program.Image.Interpreter is not { } path)
            return Build(request, program, null, null);
        var opened = FileOpening.OpenForExec(request.Caller, request.Caller.Fs.WorkingDirectory, Encoding.Latin1.GetBytes(path));
        if (!opened.TryGet(out var file))
            return opened.Error;
        try
        {
            var read = texts.Load(file, out var reason);
            if (!read.TryGet(out var interpreter))
            {
                request.Reason = $"its interpreter {path}: {reason}";
                return read.Error == Errno.ENOEXEC ? Errno.ELIBBAD : read.Error;
            }
            var built = interpreter.Image.Type == ElfType.ET_DYN ? Build(request, program, file, interpreter) : Errno.ELIBBAD;
            interpreter.Release();
            file.AllowWriting(); // as Linux: an interpreter may be written to while it runs, as libraries may
            return built;
        }
        finally
        {
            file.Release();
        }
    }

    private Result<LoadedImage> Build(ExecRequest request, ProgramFile program, FileDescription? interpreterFile, ProgramFile? interpreter)
    {
        var space = new AddressSpace(arena, texts);
        var credentials = request.Credentials;
        var built = Fill(space, request, program, interpreterFile, interpreter, credentials, out var entry);
        if (built.TryGet(out var stackPointer))
            return new LoadedImage(space, request.File, entry, stackPointer) { FileName = request.FileName, Credentials = credentials };
        space.Release();
        return built.Error;
    }

    private Result<ulong> Fill(AddressSpace space, ExecRequest request, ProgramFile program, FileDescription? interpreterFile, ProgramFile? interpreter, ExecCredentials credentials, out ulong entry)
    {
        entry = 0;
        var key = new ImageKey(program, interpreter, StackLength(program.Image, InitialStack.MostBytes(request)));
        var placed = _slots.Take(key) is { } parked && space.Adopt(parked, request.File, interpreterFile) == Errno.None
            ? FindPlaces(space, program, interpreter)
            : Place(space, request, interpreterFile, key);
        if (!placed.TryGet(out var places))
            return placed.Error;
        var (image, loader, top) = places;
        entry = (loader ?? image).Entry;
        vdso.AddTo(space);
        return InitialStack.Write(space, request, Vector(credentials, program.Image, image, loader), top);
    }

    /// <summary>Programs with a fixed address have it in turn (<see cref="ExecRequest.JoinFixed"/>); those that the host starts and nobody executes wait for nobody.</summary>
    private string WhyNotFixed(ElfImage image)
    {
        var reason = arena.Fixed.End == FixedAddresses.Start ? "the host process has something there"
            : arena.Fixed.Contains(image.LowAddress, image.HighAddress - image.LowAddress) ? "another program is there"
            : $"programs may lie at {FixedAddresses.Start:x}-{arena.Fixed.End:x}";
        return $"linked to the fixed address {image.LowAddress:x}-{image.HighAddress:x}, and {reason}; a position-independent executable (-pie, -static-pie) can lie anywhere";
    }

    private Result<(ElfPlacement Image, ElfPlacement? Loader, ulong StackTop)> Place(AddressSpace space, ExecRequest request, FileDescription? interpreterFile, in ImageKey key)
    {
        var placed = ElfPlacement.Map(space, request.File, key.Program, HeapReserve());
        if (placed.Error == Errno.ENOEXEC && request.JoinFixed?.Invoke(space) == true)
            placed = ElfPlacement.Map(space, request.File, key.Program, HeapReserve());
        if (!placed.TryGet(out var image))
        {
            if (placed.Error == Errno.ENOEXEC)
                request.Reason = WhyNotFixed(key.Program.Image);
            return placed.Error;
        }
        ElfPlacement? loader = null;
        if (key.Interpreter is not null)
        {
            var other = ElfPlacement.Map(space, interpreterFile!, key.Interpreter, 0);
            if (!other.TryGet(out loader))
                return other.Error;
        }
        Describe(space.Layout, key.Program.Image, image.Bias);
        var stack = MapStack(space, key.Program.Image, key.StackLength);
        if (!stack.TryGet(out var top))
            return stack.Error;
        (space.Layout.ImageBias, space.Layout.InterpreterBias, space.Layout.StackTop) = (image.Bias, loader?.Bias ?? 0, top);
        if (key.Program.Image.Type == ElfType.ET_DYN)
            space.Remember(_slots.KeeperOf(key), request.File, interpreterFile);
        return (image, loader, top);
    }

    private static Result<(ElfPlacement Image, ElfPlacement? Loader, ulong StackTop)> FindPlaces(AddressSpace space, ProgramFile program, ProgramFile? interpreter) =>
        (ElfPlacement.Of(program, space.Layout.ImageBias), interpreter is null ? null : ElfPlacement.Of(interpreter, space.Layout.InterpreterBias), space.Layout.StackTop);

    /// <summary>Address space that the program break may grow into: the less, the more programs there are, so that thousands find room.</summary>
    private ulong HeapReserve() => Arena.PageDown(Math.Max(SmallestHeap, Math.Min(options.HeapReserve, arena.FreeLength / 2048)));

    /// <summary>Bytes of stack; not quite as many as arguments and environment take, so that few lengths differ.</summary>
    private ulong StackLength(ElfImage image, int arguments)
    {
        const ulong Step = 16 << 10;
        var size = image.StackSize != 0 ? image.StackSize : options.StackSize;
        return size > ElfImage.AddressLimit ? size : Arena.PageUp(size) + (((ulong)arguments + Step - 1) & ~(Step - 1));
    }

    /// <returns>The first address behind the stack.</returns>
    private static Result<ulong> MapStack(AddressSpace space, ElfImage image, ulong length)
    {
        if (length > ElfImage.AddressLimit)
            return Errno.ENOMEM;
        var protection = image.StackFlags is { } flags && (flags & ElfSegmentFlags.PF_X) != 0 ? ReadWrite | MapProtection.PROT_EXEC : ReadWrite;
        return space.MapStack(length, protection);
    }

    private static void Describe(MemoryLayout layout, ElfImage image, ulong bias)
    {
        layout.StartCode = layout.StartData = ulong.MaxValue;
        foreach (var header in image.ProgramHeaders)
        {
            if (header.Type != ElfSegmentType.PT_LOAD)
                continue;
            layout.StartCode = Math.Min(layout.StartCode, header.VirtualAddress + bias);
            layout.StartData = header.VirtualAddress + bias;
            if (header.IsExecutable)
                layout.EndCode = Math.Max(layout.EndCode, header.FileEnd + bias);
            layout.EndData = Math.Max(layout.EndData, header.FileEnd + bias);
        }
    }

    /// <summary>In the order in which Linux writes it; <see cref="InitialStack"/> adds what lies on the stack.</summary>
    private AuxiliaryVector Vector(ExecCredentials credentials, ElfImage program, ElfPlacement image, ElfPlacement? loader)
    {
        var vector = new AuxiliaryVector();
        vector.Add(AuxiliaryVectorType.AT_SYSINFO_EHDR, vdso.Address);
        if (HostProcessor.SignalStackSize is not 0 and var signalStack)
            vector.Add(AuxiliaryVectorType.AT_MINSIGSTKSZ, signalStack);
        vector.Add(AuxiliaryVectorType.AT_HWCAP, HostProcessor.Capabilities);
        vector.Add(AuxiliaryVectorType.AT_PAGESZ, Arena.PageSize);
        vector.Add(AuxiliaryVectorType.AT_CLKTCK, ClockTicks);
        vector.Add(AuxiliaryVectorType.AT_PHDR, program.ProgramHeaderAddress is { } headers ? headers + image.Bias : 0);
        vector.Add(AuxiliaryVectorType.AT_PHENT, ProgramHeaderSize);
        vector.Add(AuxiliaryVectorType.AT_PHNUM, (ulong)program.ProgramHeaders.Length);
        vector.Add(AuxiliaryVectorType.AT_BASE, loader?.Bias ?? 0);
        vector.Add(AuxiliaryVectorType.AT_FLAGS, 0);
        vector.Add(AuxiliaryVectorType.AT_ENTRY, image.Entry);
        var user = credentials.Credentials;
        vector.Add(AuxiliaryVectorType.AT_UID, user.Uid);
        vector.Add(AuxiliaryVectorType.AT_EUID, user.Euid);
        vector.Add(AuxiliaryVectorType.AT_GID, user.Gid);
        vector.Add(AuxiliaryVectorType.AT_EGID, user.Egid);
        vector.Add(AuxiliaryVectorType.AT_SECURE, credentials.IsSecure ? 1UL : 0);
        return vector;
    }
}
