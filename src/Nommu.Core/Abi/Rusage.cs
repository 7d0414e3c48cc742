using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct rusage</c> of x86-64, 144 bytes (getrusage(2)). Fields that Linux leaves zero are part of the padding at the end.</summary>
[StructLayout(LayoutKind.Sequential, Size = 144)]
internal struct Rusage
{
    internal Timeval UserTime;
    internal Timeval SystemTime;

    /// <summary>KiB.</summary>
    internal long MaximumResidentSet;
    private readonly long _sharedText;
    private readonly long _unsharedData;
    private readonly long _unsharedStack;
    internal long MinorFaults;
    internal long MajorFaults;
    private readonly long _swaps;
    internal long BlocksIn;
    internal long BlocksOut;
    private readonly long _messagesSent;
    private readonly long _messagesReceived;
    private readonly long _signals;
    internal long VoluntarySwitches;
    internal long InvoluntarySwitches;
}

/// <summary>Linux: <c>struct tms</c> (times(2)), in clock ticks of 10 ms.</summary>
/// <param name="User">User time of the process.</param>
/// <param name="System">System time of the process.</param>
/// <param name="ChildrenUser">User time of children that have been waited for.</param>
/// <param name="ChildrenSystem">System time of children that have been waited for.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Tms(long User, long System, long ChildrenUser, long ChildrenSystem);
