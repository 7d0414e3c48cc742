using System.Globalization;
using System.Text;
using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Devpts;

/// <summary>Linux: <c>struct pts_mount_opts</c>.</summary>
/// <param name="Mode">Permissions of a new node.</param>
/// <param name="PtmxMode">Permissions of ptmx in here.</param>
/// <param name="Uid">Owner of a new node; null for who opens the master.</param>
/// <param name="Gid">Group of a new node; null for the one of who opens the master.</param>
internal readonly record struct DevptsOptions(InodeMode Mode, InodeMode PtmxMode, uint? Uid, uint? Gid)
{
    internal static DevptsOptions Default => new((InodeMode)0x180, InodeMode.None, null, null);

    /// <summary>Reads mount(2)'s data.</summary>
    internal static Result<DevptsOptions> Parse(ReadOnlySpan<byte> data, DevptsOptions options)
    {
        foreach (var part in Encoding.Latin1.GetString(data).Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? part : part[..equals];
            var value = equals < 0 ? "" : part[(equals + 1)..];
            switch (key)
            {
                case "uid" when uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var uid):
                    options = options with { Uid = uid };
                    break;
                case "gid" when uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var gid):
                    options = options with { Gid = gid };
                    break;
                case "mode" when ParseMode(value) is { } mode:
                    options = options with { Mode = mode };
                    break;
                case "ptmxmode" when ParseMode(value) is { } mode:
                    options = options with { PtmxMode = mode };
                    break;
                case "max" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var max) && max >= 0:
                case "newinstance":
                    break;
                default:
                    return Errno.EINVAL;
            }
        }
        return options;
    }

    /// <summary>As /proc/mounts shows them.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        if (Uid is { } uid)
            text.Append(CultureInfo.InvariantCulture, $"uid={uid},");
        if (Gid is { } gid)
            text.Append(CultureInfo.InvariantCulture, $"gid={gid},");
        text.Append("mode=").Append(Octal(Mode)).Append(",ptmxmode=").Append(Octal(PtmxMode));
        return text.ToString();
    }

    private static string Octal(InodeMode mode) => Convert.ToString((int)mode, 8).PadLeft(3, '0');

    private static InodeMode? ParseMode(string text)
    {
        var mode = 0;
        foreach (var digit in text)
        {
            if (digit is < '0' or > '7' || mode > 0xFFF)
                return null;
            mode = (mode << 3) | (digit - '0');
        }
        return text.Length == 0 ? null : (InodeMode)(mode & 0x1FF);
    }
}
