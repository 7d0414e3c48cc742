using Iced.Intel;
using Nommu.Core.Execution;
using Nommu.Core.Host;
using static Iced.Intel.AssemblerRegisters;

namespace Nommu.Core.Tests.Execution;

/// <summary>A few instructions of guest code and a guest stack, in memory of their own, run on a host thread of their own.</summary>
internal sealed unsafe class GuestCode : IDisposable
{
    private const int Size = 1 << 16;

    private readonly nint _memory = HostCalls.mmap(0, Size, 7, 0x22, -1, 0);

    internal GuestCode(Action<Assembler> write)
    {
        var assembler = new Assembler(64);
        write(assembler);
        using var bytes = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(bytes), Entry);
        Length = (int)bytes.Length;
        bytes.ToArray().CopyTo(new Span<byte>((void*)_memory, Size));
    }

    internal int Length { get; }

    internal Span<byte> Text => new((void*)_memory, Length);

    /// <summary>Room for a rewriter's stubs, between text and stack.</summary>
    internal Span<byte> Stubs => new((void*)StubsAddress, Size / 4);

    internal ulong StubsAddress => (ulong)_memory + Size / 2;

    internal ulong Entry => (ulong)_memory;

    internal ulong StackTop => (ulong)_memory + Size - 256;

    /// <summary>A system call as a rewritten site makes it.</summary>
    internal static void Call(Assembler a, int number)
    {
        var next = a.CreateLabel();
        a.mov(eax, number);
        a.lea(rcx, __[next]);
        a.jmp(__qword_ptr.gs[GuestContext.SyscallEntryOffset]);
        a.Label(ref next);
        a.nop();
    }

    /// <summary>Runs <paramref name="body"/> on a thread bound to a fresh cpu that stands at the first instruction.</summary>
    internal void Run(Action<GuestCpu> body)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var cpu = GuestCpu.AttachToCurrentThread(Entry, Entry + Size);
                cpu.Registers.Rip = Entry;
                cpu.Registers.Rsp = StackTop;
                body(cpu);
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    public void Dispose() => HostCalls.munmap(_memory, Size);
}
