using Nommu.Core.Abi;

namespace Nommu.Core;

/// <summary>The guest's machine refuses what the host has asked for, with one of Linux's error numbers.</summary>
public sealed class GuestException : IOException
{
    /// <summary>Makes one.</summary>
    /// <param name="message">What was tried, and why it failed.</param>
    /// <param name="error">Linux's error number.</param>
    public GuestException(string message, Errno error) : base(message) => Error = error;

    /// <summary>Linux's error number.</summary>
    public Errno Error { get; }
}
