using Nommu.Core.Abi;

namespace Nommu.Core.Debugging;

/// <summary>gdb's own numbers of signals, which are the same for all systems (include/gdb/signals.def in its manual's words: "the signal numbers are those of the remote protocol").</summary>
internal static class GdbSignals
{
    private const int FirstRealtime = 33, Realtime33 = 45, Realtime32 = 77, Realtime64 = 78;

    private static ReadOnlySpan<byte> OfLinux =>
    [
        0, 1, 2, 3, 4, 5, 6, 10, 8, 9, 30, 11, 31, 13, 14, 15, 0, 20, 19, 17, 18, 21, 22, 16, 24, 25, 26, 27, 28, 23, 32, 12,
    ];

    internal static int FromLinux(Signal signal) => (int)signal switch
    {
        < 32 => OfLinux[(int)signal],
        32 => Realtime32,
        64 => Realtime64,
        var number => number - FirstRealtime + Realtime33,
    };

    internal static Signal ToLinux(int number)
    {
        if (number == 0)
            return Signal.None;
        for (var signal = 1; signal <= SigSet.Count; signal++)
        {
            if (FromLinux((Signal)signal) == number)
                return (Signal)signal;
        }
        return Signal.None;
    }
}
