using Nommu.Core.Abi;

namespace Nommu.Core.Syscalls;

/// <summary>What a system call answers in rax; or that it does not, since the registers have been replaced (execve, rt_sigreturn).</summary>
public readonly record struct SyscallResult
{
    private SyscallResult(long value, bool noReturn) => (Value, IsNoReturn) = (value, noReturn);

    internal static SyscallResult NoReturn => new(0, true);

    /// <summary>The value, or the negated error number.</summary>
    public long Value { get; }

    /// <summary>True where the caller goes on with other registers, or is gone.</summary>
    public bool IsNoReturn { get; }

    /// <summary>The error, or <see cref="Errno.None"/>.</summary>
    public Errno Error => Value is < 0 and >= -4095 ? (Errno)(-Value) : Errno.None;

    /// <summary>A value.</summary>
    /// <param name="value">The value; an error number, negated, is an error.</param>
    public static implicit operator SyscallResult(long value) => new(value, false);

    /// <summary>An error, or with <see cref="Errno.None"/> 0.</summary>
    /// <param name="error">The error.</param>
    public static implicit operator SyscallResult(Errno error) => new(-(long)error, false);

    /// <summary>A value or an error.</summary>
    /// <param name="result">Either.</param>
    public static implicit operator SyscallResult(Result<long> result) => result.IsOk ? result.Value : result.Error;

    /// <summary>A value or an error.</summary>
    /// <param name="result">Either.</param>
    public static implicit operator SyscallResult(Result<int> result) => result.IsOk ? result.Value : result.Error;
}
