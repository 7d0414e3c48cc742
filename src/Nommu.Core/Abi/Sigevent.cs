using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct sigevent</c>, 64 bytes (timer_create(2)).</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct Sigevent
{
    internal const int SIGEV_SIGNAL = 0, SIGEV_NONE = 1, SIGEV_THREAD = 2, SIGEV_THREAD_ID = 4;

    /// <summary>Comes along as <c>si_value</c>.</summary>
    internal ulong Value;
    internal int Signal;
    internal int Notify;

    /// <summary>For SIGEV_THREAD_ID.</summary>
    internal int ThreadId;
}
