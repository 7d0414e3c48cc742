namespace Nommu.Core.Execution;

/// <summary>Abilities of the host that a process may be told to do without, by switches of <see cref="AppContext"/> (runtimeconfig.json, or set before the first kernel is built): for hosts that claim what they do not keep, and for tests.</summary>
internal static class ExecutionSwitches
{
    /// <summary>The instructions that read and write the FS and GS base. Without them it is arch_prctl(2), a system call or two for each system call of a guest.</summary>
    internal const string DisableFsGsBase = "Nommu.Core.Execution.DisableFsGsBase";

    /// <summary>Linux's Syscall User Dispatch. Without it a seccomp filter catches what has not been rewritten.</summary>
    internal const string DisableSyscallUserDispatch = "Nommu.Core.Execution.DisableSyscallUserDispatch";

    internal static bool IsSet(string name) => AppContext.TryGetSwitch(name, out var set) && set;
}
