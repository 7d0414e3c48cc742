using System.Globalization;
using System.Text;
using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Tmpfs;

/// <summary>Linux: <c>struct shmem_options</c> (tmpfs(5)).</summary>
/// <param name="Pages">Limit of size; null for none.</param>
/// <param name="Inodes">Limit of inodes; null for none.</param>
/// <param name="Mode">Of the root directory.</param>
/// <param name="Uid">Of the root directory.</param>
/// <param name="Gid">Of the root directory.</param>
internal readonly record struct TmpfsOptions(long? Pages, long? Inodes, InodeMode Mode, uint Uid, uint Gid)
{
    /// <summary>What tmpfs(5) says: half of memory, and as many inodes as half of its pages.</summary>
    internal static TmpfsOptions Default(int storePages) => new(storePages / 2, storePages / 2, (InodeMode)0x3FF, 0, 0);

    /// <summary>Reads mount(2)'s data.</summary>
    internal static Result<TmpfsOptions> Parse(ReadOnlySpan<byte> data, TmpfsOptions options, int storePages)
    {
        var text = Encoding.Latin1.GetString(data);
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? part : part[..equals];
            var value = equals < 0 ? "" : part[(equals + 1)..];
            long number;
            switch (key)
            {
                case "size" when value.EndsWith('%') && long.TryParse(value[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out number):
                    options = options with { Pages = NullIfZero(storePages * number / 100) };
                    break;
                case "size" when TryParseSize(value, out number):
                    options = options with { Pages = NullIfZero((number + PageStore.PageSize - 1) / PageStore.PageSize) };
                    break;
                case "nr_blocks" when TryParseSize(value, out number):
                    options = options with { Pages = NullIfZero(number) };
                    break;
                case "nr_inodes" when TryParseSize(value, out number):
                    options = options with { Inodes = NullIfZero(number) };
                    break;
                case "mode" when TryParseOctal(value, out number):
                    options = options with { Mode = (InodeMode)number & (InodeMode)0xFFF };
                    break;
                case "uid" when uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var uid):
                    options = options with { Uid = uid };
                    break;
                case "gid" when uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var gid):
                    options = options with { Gid = gid };
                    break;
                case "inode32" or "inode64" or "huge" or "mpol" or "noswap":
                    break;
                default:
                    return Errno.EINVAL;
            }
        }
        return options;
    }

    /// <summary>As /proc/mounts shows them: what differs from the defaults.</summary>
    internal string Show(int storePages)
    {
        var defaults = Default(storePages);
        var text = new StringBuilder();
        if (Pages != defaults.Pages)
            text.Append(CultureInfo.InvariantCulture, $",size={(Pages ?? 0) * 4}k");
        if (Inodes != defaults.Inodes)
            text.Append(CultureInfo.InvariantCulture, $",nr_inodes={Inodes ?? 0}");
        if (Mode != defaults.Mode)
            text.Append(",mode=").Append(Convert.ToString((int)Mode, 8).PadLeft(3, '0'));
        if (Uid != 0)
            text.Append(CultureInfo.InvariantCulture, $",uid={Uid}");
        if (Gid != 0)
            text.Append(CultureInfo.InvariantCulture, $",gid={Gid}");
        return text.Length > 0 ? text.ToString(1, text.Length - 1) : "";
    }

    private static long? NullIfZero(long number) => number == 0 ? null : number;

    private static bool TryParseSize(string value, out long number)
    {
        var shift = value.Length == 0 ? 0 : char.ToLowerInvariant(value[^1]) switch { 'k' => 10, 'm' => 20, 'g' => 30, 't' => 40, _ => 0 };
        if (!long.TryParse(shift == 0 ? value : value[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out number) || number > long.MaxValue >> shift)
            return false;
        number <<= shift;
        return true;
    }

    private static bool TryParseOctal(string value, out long number)
    {
        number = 0;
        foreach (var digit in value)
        {
            if (digit is < '0' or > '7' || number > 0x1FFFFF)
                return false;
            number = (number << 3) | (uint)(digit - '0');
        }
        return value.Length > 0;
    }
}
