using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;

namespace Nommu.Core.Drivers.Char;

/// <summary>Linux: /dev/zero (zero(4)): takes everything, gives zeros without end.</summary>
internal sealed class ZeroDevice : ICharacterDevice
{
    internal static readonly DeviceNumber Number = new(1, 5);

    public Result<FileDescription> Open(in OpenRequest request) => new OpenFile(request);

    private sealed class OpenFile(in OpenRequest request) : FileDescription(request.Path, request.Flags), IZeroMapping
    {
        public override Result<long> Read(ref IoVector to)
        {
            var wanted = to.Remaining;
            var done = to.FillZero(wanted);
            return done == 0 && wanted > 0 ? Errno.EFAULT : done;
        }

        public override Result<long> ReadAt(ref IoVector to, long position) => Read(ref to);

        public override Result<long> Write(ref IoVector from) => from.Remaining;

        public override Result<long> WriteAt(ref IoVector from, long position) => from.Remaining;

        public override Result<long> Seek(long offset, SeekWhence whence) => 0;
    }
}
