using System.Runtime.InteropServices;
using Nommu.Core.Host;

namespace Nommu.Core.Execution;

/// <summary>The alternate signal stack of a host thread that runs guests, in the place of the one it had. By it signal handlers know the thread: its first word, which no handler's frame reaches, is the <see cref="GuestContext"/>.</summary>
internal sealed unsafe class GuestSignalStack : IDisposable
{
    /// <summary>More than CoreCLR gives its threads, and no whole number of pages, so that it is nobody else's.</summary>
    internal const int Size = (128 << 10) - 0x230;

    private readonly void* _memory = NativeMemory.AlignedAlloc(Size, 4096);
    private readonly HostStack _previous;

    /// <summary>Takes effect for the current thread.</summary>
    internal GuestSignalStack(GuestContext* context)
    {
        *(GuestContext**)_memory = context;
        var stack = new HostStack { Pointer = (nint)_memory, Size = Size };
        HostStack previous;
        _ = HostCalls.sigaltstack(&stack, &previous);
        _previous = previous;
    }

    /// <summary>Gives the thread its own back. On the same thread.</summary>
    public void Dispose()
    {
        var previous = _previous;
        _ = HostCalls.sigaltstack(&previous, null);
        NativeMemory.AlignedFree(_memory);
    }
}
