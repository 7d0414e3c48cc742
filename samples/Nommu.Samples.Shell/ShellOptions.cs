using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Samples.Shell;

/// <summary>What was said on the command line.</summary>
internal sealed class ShellOptions
{
    internal const string Usage = """
        Usage: Nommu.Samples.Shell [--root DIR|FILE.tar|FILE.cpio[.gz]] [--append "WORDS"] [--trace[=CALLS]] [--syscalls] [-- PROGRAM ARGS...]

          --root      what the root file system is filled from; without it, a busybox system. / is this machine's own
                      files: only read, with all changes kept in memory, and your shell as the program
          --append    the kernel command line: init= mem= root= ro rw loglevel= console=, and what follows -- goes to init
          --trace     shows every system call on standard error; --trace=CALLS only some, by names and classes as strace's -e trace=:
                      --trace=openat,%network, --trace='!%memory'; classes are file desc process network signal memory ipc creds clock
          --trace-path PATH      only calls that name PATH or what is below, or a descriptor of one
          --trace-output FILE    writes the trace into a file of the host
          --trace-times of-day|relative|durations   when each call began, how long after the last one, how long it took
          --trace-strings N      shows N bytes of what is read and written, not 32
          --trace-paths          shows the path of each descriptor
          --gdb HOST:PORT|PATH   with -- PROGRAM: stopped before its first instruction until gdb comes: gdb -ex "target remote HOST:PORT"
          --syscalls  lists the system calls and what becomes of them
          -- PROGRAM  runs this program instead of init, with the standard streams of this process, and ends with its status
        """;

    internal string? Root { get; private set; }

    /// <summary>The root is the host's own: its directory / as it is, instead of a copy of it.</summary>
    internal bool HasHostRoot => Root is not null && Path.TrimEndingDirectorySeparator(Path.GetFullPath(Root)) == "/";

    internal string Append { get; private set; } = "";

    /// <summary>What is to be traced; null for nothing.</summary>
    internal SyscallTraceOptions? Trace { get; private set; }

    /// <summary>Where the trace goes; null for standard error.</summary>
    internal string? TraceOutput { get; private set; }

    /// <summary>Where gdb is awaited; null for nowhere.</summary>
    internal EndPoint? Gdb { get; private set; }

    internal bool ListsSystemCalls { get; private set; }

    internal bool WantsHelp { get; private set; }

    /// <summary>The program and its arguments; empty for init. On the host's own files that is whose shell this is, since an init would set up a machine.</summary>
    internal IReadOnlyList<string> Program
    {
        get => field.Count == 0 && HasHostRoot ? [HostUser.Shell] : field;
        private set;
    } = [];

    /// <summary>What is wrong with the command line; null where nothing is.</summary>
    internal string? Mistake { get; private set; }

    internal static ShellOptions Parse(string[] arguments)
    {
        var options = new ShellOptions();
        for (var i = 0; i < arguments.Length && options.Mistake is null; i++)
        {
            switch (arguments[i])
            {
                case "--root" when i + 1 < arguments.Length:
                    options.Root = arguments[++i];
                    break;
                case "--append" when i + 1 < arguments.Length:
                    options.Append = arguments[++i];
                    break;
                case "--trace-path" or "--trace-output" or "--trace-times" or "--trace-strings" when i + 1 < arguments.Length:
                    options.Mistake = options.SetTrace(arguments[i], arguments[i + 1]);
                    i++;
                    break;
                case "--gdb" when i + 1 < arguments.Length:
                    options.Gdb = IPEndPoint.TryParse(arguments[++i], out var address) ? address : new UnixDomainSocketEndPoint(arguments[i]);
                    break;
                case "--root" or "--append" or "--gdb" or "--trace-path" or "--trace-output" or "--trace-times" or "--trace-strings":
                    options.Mistake = $"{arguments[i]} needs a value";
                    break;
                case "--trace":
                    options.Trace ??= new();
                    break;
                case "--trace-paths":
                    (options.Trace ??= new()).ShowPaths = true;
                    break;
                case var trace when trace.StartsWith("--trace=", StringComparison.Ordinal):
                    (options.Trace ??= new()).Calls = trace["--trace=".Length..];
                    break;
                case "--syscalls":
                    options.ListsSystemCalls = true;
                    break;
                case "-h" or "--help":
                    options.WantsHelp = true;
                    break;
                case "--":
                    options.Program = arguments[(i + 1)..];
                    if (options.Program.Count == 0)
                        options.Mistake = "-- needs a program";
                    i = arguments.Length;
                    break;
                default:
                    options.Mistake = $"'{arguments[i]}' is not understood";
                    break;
            }
        }
        if (options.Gdb is not null && options.Program.Count == 0)
            options.Mistake ??= "--gdb needs -- PROGRAM";
        return options;
    }

    /// <returns>What is wrong with the value; null where nothing is.</returns>
    private string? SetTrace(string name, string value)
    {
        var trace = Trace ??= new();
        switch (name, value)
        {
            case ("--trace-path", _):
                trace.Paths.Add(value);
                return null;
            case ("--trace-output", _):
                TraceOutput = value;
                return null;
            case ("--trace-times", "of-day"):
                trace.Times = SyscallTraceTimes.TimeOfDay;
                return null;
            case ("--trace-times", "relative"):
                trace.Times = SyscallTraceTimes.Relative;
                return null;
            case ("--trace-times", "durations"):
                trace.ShowDurations = true;
                return null;
            case ("--trace-strings", _) when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit):
                trace.StringLimit = limit;
                return null;
            default:
                return $"'{value}' is no value of {name}";
        }
    }
}
