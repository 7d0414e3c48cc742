using System.Reflection;

namespace Nommu.Core.Tests.Guest;

/// <summary>How a block of applets.table is tested.</summary>
internal enum AppletUse
{
    /// <summary>The script prints the same natively and in the kernel.</summary>
    Compared,

    /// <summary>The script can't run on a host that is to stay as it is: what it prints in a kernel of its own is written below it.</summary>
    KernelOnly,

    /// <summary>It can't be used in this kernel at all: the reason is in the heading.</summary>
    Excluded,
}

/// <summary>A block of applets.table: an applet of busybox with a real use of it, or with the reason why there is none. The table's own heading explains its format.</summary>
internal sealed record Applet(string Name, AppletUse Use, string Reason, string Script, string Expected)
{
    private const string Heading = "== ";
    private const string ExpectedBelow = "--";

    /// <summary>The table.</summary>
    internal static IReadOnlyList<Applet> All { get; } = Parse();

    private static List<Applet> Parse()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("applets.table")!;
        using var reader = new StreamReader(stream);
        var blocks = ("\n" + reader.ReadToEnd()).Split("\n" + Heading);
        return [.. blocks.Skip(1).Select(ParseBlock)];
    }

    // NAME, NAME kernel: REASON or NAME excluded: REASON; then the script; then, after a line --, what it prints
    private static Applet ParseBlock(string block)
    {
        var lines = block.TrimEnd().Split('\n');
        var words = lines[0].Split(' ', 3);
        var use = words.Length == 1 ? AppletUse.Compared : words[1] switch
        {
            "kernel:" => AppletUse.KernelOnly,
            "excluded:" => AppletUse.Excluded,
            _ => throw new InvalidDataException($"applets.table: {lines[0]}"),
        };
        var end = use == AppletUse.KernelOnly ? Array.IndexOf(lines, ExpectedBelow) : lines.Length;
        if (end < 0 || (use == AppletUse.Excluded) != (lines.Length == 1))
            throw new InvalidDataException($"applets.table: {lines[0]}");
        return new Applet(words[0], use, words.ElementAtOrDefault(2) ?? "", string.Join('\n', lines[1..end]), string.Concat(lines.Skip(end + 1).Select(line => line + "\n")));
    }
}
