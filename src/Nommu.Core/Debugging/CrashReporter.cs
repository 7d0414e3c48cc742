using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Nommu.Core.Abi;
using Nommu.Core.Diagnostics;
using Nommu.Core.Fs;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Debugging;

/// <summary>Tells the host's logger of a process that dies of a signal that asks for a core file: what a core file would say, in words. Linux has but a line (<c>show_signal_msg</c>).</summary>
internal sealed class CrashReporter(ILogger logger)
{
    /// <summary>On the thread that dies, out of the guest, while its memory is there.</summary>
    internal void Report(GuestThread thread, Siginfo info)
    {
        if (!SigSet.CoreDumping.Contains(info.Signal) || !logger.IsEnabled(LogLevel.Warning))
            return;
        using var map = new CodeMap(thread);
        var fault = info.Layout == SiginfoLayout.SIL_FAULT ? $"0x{info.Address:x}" : "none";
        KernelLog.Crashed(logger, thread.Process.Id, thread.Id, Encoding.UTF8.GetString(thread.Name), TraceWriter.NameOf(info.Signal), TraceWriter.NameOf(info.Signal, info.Code), fault,
            Registers(thread), Chain(thread, map), Calls(thread), Modules(thread));
    }

    private static string Registers(GuestThread thread)
    {
        ref var r = ref thread.Cpu.Registers;
        var rip = thread.Space.ToOriginal(r.Rip);
        return string.Create(CultureInfo.InvariantCulture, $"""
              rip {rip:x16} rsp {r.Rsp:x16} rbp {r.Rbp:x16} flags {r.Rflags:x8}
              rax {r.Rax:x16} rbx {r.Rbx:x16} rcx {r.Rcx:x16} rdx {r.Rdx:x16}
              rsi {r.Rsi:x16} rdi {r.Rdi:x16} r8  {r.R8:x16} r9  {r.R9:x16}
              r10 {r.R10:x16} r11 {r.R11:x16} r12 {r.R12:x16} r13 {r.R13:x16}
              r14 {r.R14:x16} r15 {r.R15:x16} fs  {thread.Cpu.Context.FsBase:x16}
            """);
    }

    private static string Chain(GuestThread thread, CodeMap map)
    {
        var text = new StringBuilder("functions:");
        var index = 0;
        foreach (var frame in new CallChain(thread, map).Walk())
        {
            var how = frame.Kind switch { FrameKind.Guess => " (a guess)", FrameKind.FramePointer => " (by the frame pointer)", FrameKind.Signal => " (a signal came)", _ => "" };
            text.Append(CultureInfo.InvariantCulture, $"\n  #{index++} 0x{frame.Address:x} {map.Describe(frame.Address)}{how}");
        }
        return text.ToString();
    }

    /// <summary>Pointers are shown as addresses: what is there now need not be what was there.</summary>
    private static string Calls(GuestThread thread)
    {
        if (thread.Host?.History is not { } history)
            return "last system calls: not remembered (KernelOptions.RememberSystemCalls)";
        var text = new StringBuilder("last system calls:");
        var known = SyscallTable.Descriptions.ToDictionary(call => call.Number);
        foreach (var call in history.Of(thread.Id))
        {
            text.Append("\n  ");
            if (known.TryGetValue(call.Number, out var description))
                text.Append(Describe(thread, description, call.Arguments));
            else
                text.Append(CultureInfo.InvariantCulture, $"{Enum.GetName((SystemCallNumber)call.Number) ?? $"syscall_0x{(uint)call.Number:x}"}(...)");
            text.Append(" = ").Append(call.Result.IsNoReturn ? "?" : SyscallTrace.Describe(call.Result));
        }
        return text.ToString();
    }

    private static string Describe(GuestThread thread, SyscallDescription call, in SyscallArguments arguments)
    {
        var writer = new TraceWriter(thread, 0, showsPaths: false) { ReadsMemory = false };
        var shown = new List<string>();
        foreach (var argument in call.Arguments)
        {
            argument.Format(writer, arguments);
            if (writer.Length > 0)
                shown.Add(writer.Take());
        }
        return $"{call.Name}({string.Join(", ", shown)})";
    }

    private static string Modules(GuestThread thread) =>
        "loaded, for gdb:" + string.Concat(thread.Space.LoadedTexts().Select(text => string.Create(CultureInfo.InvariantCulture, $"\n  add-symbol-file {PathNaming.DescribeAsText(text.Path)} -o 0x{text.Bias:x}")));
}
