namespace Nommu.Core.Abi;

/// <summary>Linux: the signal numbers of x86-64 (signal(7)). 32 to 64 are real-time signals.</summary>
public enum Signal
{
    /// <summary>No signal: kill(2) only checks.</summary>
    None = 0,

    /// <summary>Hangup of the controlling terminal.</summary>
    SIGHUP = 1,

    /// <summary>Interrupt from the keyboard.</summary>
    SIGINT = 2,

    /// <summary>Quit from the keyboard.</summary>
    SIGQUIT = 3,

    /// <summary>Illegal instruction.</summary>
    SIGILL = 4,

    /// <summary>Breakpoint or trace trap.</summary>
    SIGTRAP = 5,

    /// <summary>abort(3).</summary>
    SIGABRT = 6,

    /// <summary>Bad memory access.</summary>
    SIGBUS = 7,

    /// <summary>Arithmetic error.</summary>
    SIGFPE = 8,

    /// <summary>Kill; cannot be caught.</summary>
    SIGKILL = 9,

    /// <summary>For the user.</summary>
    SIGUSR1 = 10,

    /// <summary>Invalid memory reference.</summary>
    SIGSEGV = 11,

    /// <summary>For the user.</summary>
    SIGUSR2 = 12,

    /// <summary>Write to a pipe without readers.</summary>
    SIGPIPE = 13,

    /// <summary>alarm(2).</summary>
    SIGALRM = 14,

    /// <summary>Termination.</summary>
    SIGTERM = 15,

    /// <summary>Coprocessor stack fault; unused.</summary>
    SIGSTKFLT = 16,

    /// <summary>A child stopped, went on or ended.</summary>
    SIGCHLD = 17,

    /// <summary>Go on if stopped.</summary>
    SIGCONT = 18,

    /// <summary>Stop; cannot be caught.</summary>
    SIGSTOP = 19,

    /// <summary>Stop typed at the terminal.</summary>
    SIGTSTP = 20,

    /// <summary>Terminal input for a background process.</summary>
    SIGTTIN = 21,

    /// <summary>Terminal output of a background process.</summary>
    SIGTTOU = 22,

    /// <summary>Urgent condition on a socket.</summary>
    SIGURG = 23,

    /// <summary>CPU time limit exceeded.</summary>
    SIGXCPU = 24,

    /// <summary>File size limit exceeded.</summary>
    SIGXFSZ = 25,

    /// <summary>Virtual timer.</summary>
    SIGVTALRM = 26,

    /// <summary>Profiling timer.</summary>
    SIGPROF = 27,

    /// <summary>The terminal's window has changed its size.</summary>
    SIGWINCH = 28,

    /// <summary>I/O is possible.</summary>
    SIGIO = 29,

    /// <summary>Power failure.</summary>
    SIGPWR = 30,

    /// <summary>Bad system call.</summary>
    SIGSYS = 31,

    /// <summary>The first real-time signal.</summary>
    SIGRTMIN = 32,

    /// <summary>The last real-time signal.</summary>
    SIGRTMAX = 64,
}
