using Nommu.Core.Abi;

namespace Nommu.Core.Loader;

/// <summary>Linux: <c>bprm_stack_limits</c> of fs/exec.c; execve(2), "Limits on size of arguments and environment".</summary>
internal static class ArgumentLimits
{
    private const ulong Least = 32 * 4096;
    private const ulong Most = (8UL << 20) / 4 * 3;

    /// <summary>Bytes that strings and the pointers to them may come to: a quarter of the stack's limit, within bounds.</summary>
    internal static long For(ulong stackLimit) => (long)Math.Max(Math.Min(stackLimit / 4, Most), Least);

    /// <summary>Checks what there is when loading begins; a script's interpreter adds strings, whose pointers count no more, and is checked again.</summary>
    internal static Errno Check(ExecRequest request)
    {
        var pointers = 8L * request.FirstStrings;
        var strings = (long)request.Arguments.Bytes.Length + request.Environment.Bytes.Length + request.FileName.Length + 1;
        return pointers + strings > For(request.StackLimit) ? Errno.E2BIG : Errno.None;
    }
}
