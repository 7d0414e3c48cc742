using Iced.Intel;
using Nommu.Core.Host;
using static Iced.Intel.AssemblerRegisters;

namespace Nommu.Core.Execution;

/// <summary>Page zero, where <c>call *%rax</c> lands: the trampoline of <see cref="Rewriter.ZpolineStrategy"/>. One for the host process, and it stays.</summary>
/// <remarks>
/// The facts it stands on:
/// <list type="bullet">
/// <item>The page is filled with <c>eb 6a 90</c>. Whatever number is called, three entries are possible: <c>jmp +0x6a</c>, which goes on 108 bytes further in the same phase; <c>push -0x70</c>, the same bytes one later,
/// and then the jump; <c>nop</c>, and then the jump. The last jumps of a slide land among <c>nop</c>s. So at its end at most one word too many lies on the stack, and it is -0x70, which no return address is.</item>
/// <item>Nothing but <c>mov</c>, <c>lea</c>, <c>jrcxz</c> and <c>pop</c> is used: rflags are the guest's. rcx and r11 are free, as a system call destroys them.</item>
/// <item>There are two ends: one behind the numbers that can have a handler, so that slides are short, one at the end of the page for all others, which are ENOSYS.</item>
/// <item>A host needs CAP_SYS_RAWIO or vm.mmap_min_addr=0 for this page (mmap(2), proc(5)). Where the processor cannot make it execute-only (no protection keys), it is readable, and then
/// CoreCLR's null checks read it instead of faulting: <c>((int[])null).Length</c> answers a number. So without being asked for by name that is refused.</item>
/// </list>
/// </remarks>
internal sealed unsafe class ZpolineTrampoline
{
    private const int PageSize = 4096;
    private const int FirstSlide = 1026; // past the numbers that have a handler; a multiple of 3
    private const int Hop = 0x6c;
    private const int EndRoom = 30;
    private const int MAP_PRIVATE_FIXED_ANONYMOUS = 0x32;
    private const int PROT_EXEC = 4, PROT_READ_WRITE = 3;

    private static readonly Lock Gate = new();
    private static ZpolineTrampoline? s_instance;

    private ZpolineTrampoline(bool isReadable) => IsReadable = isReadable;

    /// <summary>True where null pointers can be read through, in the whole host process.</summary>
    internal bool IsReadable { get; }

    /// <summary>Maps the page, once.</summary>
    /// <param name="allowReadable">The host bears that its null checks stop working.</param>
    /// <exception cref="PlatformNotSupportedException">The host forbids page zero, or it would be readable.</exception>
    internal static ZpolineTrampoline Ensure(bool allowReadable)
    {
        lock (Gate)
        {
            if (s_instance is null)
            {
                if (!allowReadable && !HasExecuteOnlyPages())
                    throw new PlatformNotSupportedException("zpoline: this processor has no protection keys, so page zero would be readable and NullReferenceException would no longer be thrown in this process.");
                s_instance = new ZpolineTrampoline(isReadable: Map());
            }
            if (s_instance.IsReadable && !allowReadable)
                throw new PlatformNotSupportedException("zpoline: page zero is readable in this process, so NullReferenceException is no longer thrown.");
            return s_instance;
        }
    }

    /// <summary>CPUID leaf 7, ecx bit 4 (OSPKE): the host's kernel has turned protection keys on, and makes PROT_EXEC alone execute-only (pkeys(7)).</summary>
    private static bool HasExecuteOnlyPages() => (System.Runtime.Intrinsics.X86.X86Base.CpuId(7, 0).Ecx & (1 << 4)) != 0;

    /// <returns>True where the page can be read.</returns>
    private static bool Map()
    {
        var code = Assemble();
        if (HostCalls.mmap(0, PageSize, PROT_READ_WRITE, MAP_PRIVATE_FIXED_ANONYMOUS, -1, 0) != 0)
            throw new PlatformNotSupportedException("zpoline: the host does not give page zero away; that takes CAP_SYS_RAWIO or vm.mmap_min_addr=0.");
        code.CopyTo(new Span<byte>((void*)0, PageSize));
        if (HostCalls.mprotect(0, PageSize, PROT_EXEC) != 0)
        {
            HostCalls.munmap(0, PageSize);
            throw new PlatformNotSupportedException("zpoline: the host does not let page zero be executed.");
        }
        // The self-test: a copy routine of ours reports what a read of address 8 does, without anybody's null check.
        Span<byte> read = stackalloc byte[1];
        return UserCopy.CopyFromUser(read, 8) == 0;
    }

    private static byte[] Assemble()
    {
        var page = new byte[PageSize];
        Fill(page, 0, FirstSlide);
        Fill(page, FirstSlide + Hop + EndRoom, PageSize - Hop - EndRoom);
        return page;
    }

    /// <summary>A slide, then a landing place of one hop, then an end.</summary>
    private static void Fill(byte[] page, int start, int slideEnd)
    {
        ReadOnlySpan<byte> slide = [0xeb, 0x6a, 0x90];
        for (var i = start; i < slideEnd; i++)
            page[i] = slide[(i - start) % slide.Length];
        page.AsSpan(slideEnd, Hop).Fill(0x90);
        End((ulong)(slideEnd + Hop)).CopyTo(page, slideEnd + Hop);
    }

    private static byte[] End(ulong address)
    {
        var a = new Assembler(64);
        Label pushed = a.CreateLabel(), clean = a.CreateLabel();
        a.mov(rcx, __qword_ptr[rsp]);
        a.lea(rcx, __[rcx + 0x70]);
        a.jrcxz(pushed);
        a.Label(ref clean);
        a.pop(rcx);
        a.jmp(__qword_ptr.gs[GuestContext.SyscallEntryOffset]);
        a.Label(ref pushed);
        a.lea(rsp, __[rsp + 8]);
        a.jmp(clean);
        using var stream = new MemoryStream();
        a.Assemble(new StreamCodeWriter(stream), address);
        return stream.ToArray();
    }
}
