namespace Nommu.Samples.Shell;

/// <summary>What was said on the command line.</summary>
internal sealed class ShellOptions
{
    internal const string Usage = """
        Usage: Nommu.Samples.Shell [--root DIR|FILE.tar|FILE.cpio[.gz]] [--append "WORDS"] [--trace] [--syscalls] [-- PROGRAM ARGS...]

          --root      what the root file system is filled from; without it, a busybox system
          --append    the kernel command line: init= mem= root= ro rw loglevel= console=, and what follows -- goes to init
          --trace     shows every system call on standard error
          --syscalls  lists the system calls and what becomes of them
          -- PROGRAM  runs this program instead of init, with the standard streams of this process, and ends with its status
        """;

    internal string? Root { get; private set; }

    internal string Append { get; private set; } = "";

    internal bool Trace { get; private set; }

    internal bool ListsSystemCalls { get; private set; }

    internal bool WantsHelp { get; private set; }

    /// <summary>The program and its arguments; empty for init.</summary>
    internal IReadOnlyList<string> Program { get; private set; } = [];

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
                case "--root" or "--append":
                    options.Mistake = $"{arguments[i]} needs a value";
                    break;
                case "--trace":
                    options.Trace = true;
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
        return options;
    }
}
