namespace Nommu.Core.Syscalls.Tracing;

/// <summary>Which calls a trace shows: strace's <c>-e trace=</c>.</summary>
internal sealed class TraceFilter
{
    private readonly HashSet<string> _names = [];
    private readonly SyscallClasses _classes;
    private readonly bool _isAll;
    private readonly bool _isInverted;

    /// <exception cref="ArgumentException">It names a class or a call that there is not.</exception>
    internal TraceFilter(string expression)
    {
        ArgumentNullException.ThrowIfNull(expression);
        _isInverted = expression.StartsWith('!');
        foreach (var word in expression.TrimStart('!').Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (word == "all")
                _isAll = true;
            else if (FindClass(word) is { } found)
                _classes |= found;
            else if (Enum.IsDefined(typeof(Abi.SystemCallNumber), word))
                _names.Add(word);
            else if (word != "none")
                throw new ArgumentException($"'{word}' is no system call and no class of them", nameof(expression));
        }
    }

    internal bool Takes(string name, SyscallClasses classes) => (_isAll || (classes & _classes) != 0 || _names.Contains(name)) != _isInverted;

    /// <summary>With a percent sign, or by itself where no call has that name.</summary>
    private static SyscallClasses? FindClass(string word)
    {
        var name = word.StartsWith('%') ? word[1..] : Enum.IsDefined(typeof(Abi.SystemCallNumber), word) ? "" : word;
        return name.Length > 0 && char.IsAsciiLetterLower(name[0]) && name != "none" && Enum.TryParse<SyscallClasses>(name, ignoreCase: true, out var found) ? found : null;
    }
}
