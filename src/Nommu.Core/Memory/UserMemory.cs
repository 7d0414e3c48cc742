namespace Nommu.Core.Memory;

/// <summary>Linux: <c>copy_to_user</c> and <c>copy_from_user</c>.</summary>
public sealed class UserMemory
{
    internal UserMemory()
    {
    }

    internal int CopyToUserPartial(ulong address, ReadOnlySpan<byte> source) => _ = source.Length;

    internal int CopyFromUserPartial(Span<byte> target, ulong address) => _ = target.Length;
}
