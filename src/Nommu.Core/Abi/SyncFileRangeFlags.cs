namespace Nommu.Core.Abi;

/// <summary>Linux: the flags of sync_file_range(2).</summary>
[Flags]
internal enum SyncFileRangeFlags : uint
{
    None = 0,
    SYNC_FILE_RANGE_WAIT_BEFORE = 1,
    SYNC_FILE_RANGE_WRITE = 2,
    SYNC_FILE_RANGE_WAIT_AFTER = 4,
}
