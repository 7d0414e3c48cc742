using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;

namespace Nommu.Core.Drivers.Char;

/// <summary>Linux: /dev/null (null(4)): takes everything, holds nothing.</summary>
internal sealed class NullDevice : ICharacterDevice
{
    internal static readonly DeviceNumber Number = new(1, 3);

    public Result<FileDescription> Open(in OpenRequest request) => new OpenFile(request);

    private sealed class OpenFile(in OpenRequest request) : FileDescription(request.Path, request.Flags)
    {
        public override Result<long> Read(ref IoVector to) => 0;

        public override Result<long> ReadAt(ref IoVector to, long position) => 0;

        public override Result<long> Write(ref IoVector from) => from.Remaining;

        public override Result<long> WriteAt(ref IoVector from, long position) => from.Remaining;

        public override Result<long> Seek(long offset, SeekWhence whence) => 0;
    }
}
