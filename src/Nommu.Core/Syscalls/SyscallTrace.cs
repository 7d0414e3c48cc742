using System.Globalization;
using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>Linux: what strace(1) sees through ptrace(2): a line for every system call when it has been answered, with its arguments as they were before.</summary>
internal sealed class SyscallTrace(Action<string> output)
{
    private const int LongestText = 256;

    private readonly Dictionary<int, SyscallDescription> _known = SyscallTable.Descriptions.ToDictionary(call => call.Number);

    /// <summary>Makes a call and shows it.</summary>
    internal SyscallResult Run(GuestThread thread, int number, in SyscallArguments arguments, SyscallHandler handler)
    {
        var id = thread.Id;
        var call = Describe(thread, number, arguments);
        var result = handler(thread, arguments);
        output($"[{id}] {call} = {Describe(result)}");
        return result;
    }

    /// <summary>Shows a call that nobody answers.</summary>
    internal void Show(GuestThread thread, int number, in SyscallArguments arguments, SyscallResult result) =>
        output($"[{thread.Id}] {Describe(thread, number, arguments)} = {Describe(result)}");

    private string Describe(GuestThread thread, int number, in SyscallArguments arguments)
    {
        if (!_known.TryGetValue(number, out var known))
            return $"{Enum.GetName((SystemCallNumber)number) ?? $"syscall_{number}"}(0x{arguments.A0:x}, 0x{arguments.A1:x}, 0x{arguments.A2:x})";
        var text = new StringBuilder(known.Name).Append('(');
        ReadOnlySpan<ulong> values = [arguments.A0, arguments.A1, arguments.A2, arguments.A3, arguments.A4, arguments.A5];
        for (var i = 0; i < known.Arguments.Length; i++)
        {
            var argument = known.Arguments[i];
            if (i > 0)
                text.Append(", ");
            if (argument.Format is { } format)
                text.Append(format(arguments).Replace(", ", "|", StringComparison.Ordinal));
            else if (argument.IsText && TryReadText(thread, values[i], out var path))
                text.Append('"').Append(path).Append('"');
            else
                text.Append(values[i] == 0 ? "NULL" : $"0x{values[i]:x}");
        }
        return text.Append(')').ToString();
    }

    private static bool TryReadText(GuestThread thread, ulong address, out string text)
    {
        Span<byte> buffer = stackalloc byte[LongestText];
        var read = thread.Memory.ReadString(address, buffer);
        text = read.TryGet(out var length) ? Encoding.UTF8.GetString(buffer[..length]) : "";
        return read.IsOk;
    }

    private static string Describe(SyscallResult result) =>
        result.IsNoReturn ? "?" : result.Error != Errno.None ? $"-1 {result.Error}" : result.Value > uint.MaxValue ? $"0x{result.Value:x}" : result.Value.ToString(CultureInfo.InvariantCulture);
}
