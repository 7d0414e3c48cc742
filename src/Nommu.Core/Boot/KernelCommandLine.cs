using System.Globalization;

namespace Nommu.Core.Boot;

/// <summary>Linux: the kernel's command line (bootparam(7), Documentation/admin-guide/kernel-parameters): words, quoted with double quotes where they hold spaces.</summary>
/// <remarks>What is understood is taken out. Of the rest, words with <c>=</c> go to init's environment and those without to its arguments, as does everything behind <c>--</c>; words with a dot are a module's and go nowhere.</remarks>
public sealed class KernelCommandLine
{
    private const string DefaultTerm = "linux";

    private readonly List<string> _initArguments = [];
    private readonly List<string> _initEnvironment = [];

    private KernelCommandLine(string text) => Text = text;

    /// <summary>As /proc/cmdline shows it.</summary>
    public string Text { get; }

    /// <summary><c>init=</c>: the program to begin with; null for the usual ones.</summary>
    public string? Init { get; private set; }

    /// <summary><c>mem=</c>: bytes of memory; null where it is not said.</summary>
    public ulong? Memory { get; private set; }

    /// <summary><c>root=</c>: null where it is not said.</summary>
    public string? Root { get; private set; }

    /// <summary><c>ro</c> and <c>rw</c>: whichever comes last; the default is to write.</summary>
    public bool IsReadOnly { get; private set; }

    /// <summary><c>loglevel=</c>, <c>quiet</c> and <c>debug</c>: messages of a lower level go to the console. 0 to 15; null where it is not said.</summary>
    public int? LogLevel { get; private set; }

    /// <summary><c>console=</c>, the last one: a device's name without <c>/dev/</c>; null where it is not said.</summary>
    public string? Console { get; private set; }

    /// <summary>init's arguments.</summary>
    public IReadOnlyList<string> InitArguments => _initArguments;

    /// <summary>init's environment, <c>name=value</c> each, with what Linux always gives it.</summary>
    public IReadOnlyList<string> InitEnvironment => _initEnvironment;

    /// <summary>What could not be understood of a word that is understood, for the log.</summary>
    internal List<string> Complaints { get; } = [];

    /// <summary>Reads a command line; nothing in it is an error.</summary>
    /// <param name="text">The command line.</param>
    /// <returns>What it says.</returns>
    public static KernelCommandLine Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var line = new KernelCommandLine(text.Trim());
        line._initEnvironment.Add("HOME=/");
        line._initEnvironment.Add($"TERM={DefaultTerm}");
        var behind = false;
        foreach (var word in Split(text))
        {
            if (behind)
                line._initArguments.Add(word);
            else if (word == "--")
                behind = true;
            else
                line.Take(word);
        }
        return line;
    }

    private void Take(string word)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? word : word[..equals];
        var value = equals < 0 ? null : word[(equals + 1)..];
        switch (name.Replace('-', '_'))
        {
            case "init" when value is not null:
                Init = value;
                _initArguments.Clear(); // as Linux does: what came before was meant for another init
                break;
            case "mem" when value is not null:
                Memory = ParseSize(value) is { } size and > 0 ? size : Complain(word, Memory);
                break;
            case "root" when value is not null:
                Root = value;
                break;
            case "ro" or "rw" when value is null:
                IsReadOnly = name == "ro";
                break;
            case "loglevel" when value is not null:
                LogLevel = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var level) && level <= 15 ? level : Complain(word, LogLevel);
                break;
            case "quiet" when value is null:
                LogLevel = 4;
                break;
            case "debug" when value is null:
                LogLevel = 10;
                break;
            case "console" when value is not null:
                Console = value.Split(',')[0];
                break;
            default:
                if (name.Contains('.', StringComparison.Ordinal))
                    break;
                if (value is null)
                    _initArguments.Add(word);
                else
                    SetEnvironment(name, word);
                break;
        }
    }

    private void SetEnvironment(string name, string word)
    {
        var same = _initEnvironment.FindIndex(other => other.StartsWith(name + "=", StringComparison.Ordinal));
        if (same >= 0)
            _initEnvironment[same] = word;
        else
            _initEnvironment.Add(word);
    }

    private T Complain<T>(string word, T unchanged)
    {
        Complaints.Add(word);
        return unchanged;
    }

    /// <summary>Linux: <c>memparse</c>: decimal, 0x or 0 as in C, with K, M, G, T, P or E behind.</summary>
    private static ulong? ParseSize(string text)
    {
        var shift = text.Length == 0 ? -1 : "kmgtpe".IndexOf(char.ToLowerInvariant(text[^1]), StringComparison.Ordinal);
        var digits = shift < 0 ? text : text[..^1];
        if (!TryParseNumber(digits, out var value))
            return null;
        var by = 10 * (shift + 1);
        return value <= ulong.MaxValue >> by ? value << by : null;
    }

    private static bool TryParseNumber(string digits, out ulong value)
    {
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return ulong.TryParse(digits.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        if (!digits.StartsWith('0'))
            return ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        value = 0;
        foreach (var digit in digits)
        {
            if (digit is < '0' or > '7' || value >> 61 != 0)
                return false;
            value = (value << 3) | (uint)(digit - '0');
        }
        return true;
    }

    private static IEnumerable<string> Split(string text)
    {
        var word = new System.Text.StringBuilder();
        var (quoted, any) = (false, false);
        foreach (var c in text)
        {
            if (c == '"')
            {
                quoted = !quoted;
                any = true;
            }
            else if (char.IsWhiteSpace(c) && !quoted)
            {
                if (any)
                    yield return word.ToString();
                word.Clear();
                any = false;
            }
            else
            {
                word.Append(c);
                any = true;
            }
        }
        if (any)
            yield return word.ToString();
    }
}
