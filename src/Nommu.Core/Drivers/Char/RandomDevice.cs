using System.Security.Cryptography;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;

namespace Nommu.Core.Drivers.Char;

/// <summary>Linux: /dev/random and /dev/urandom (random(4)), alike once the generator is seeded, which the host's always is.</summary>
internal sealed class RandomDevice : ICharacterDevice
{
    internal static readonly DeviceNumber RandomNumber = new(1, 8);
    internal static readonly DeviceNumber UrandomNumber = new(1, 9);

    private const uint RNDGETENTCNT = 0x80045200;

    public Result<FileDescription> Open(in OpenRequest request) => new OpenFile(request);

    /// <summary>Also getrandom(2).</summary>
    internal static Result<long> Fill(ref IoVector to)
    {
        Span<byte> buffer = stackalloc byte[512];
        long done = 0;
        while (to.Remaining > 0)
        {
            var piece = buffer[..(int)Math.Min(buffer.Length, to.Remaining)];
            RandomNumberGenerator.Fill(piece);
            done += to.CopyTo(piece);
            if (to.Faulted)
                return done > 0 ? done : Errno.EFAULT;
        }
        return done;
    }

    private sealed class OpenFile(in OpenRequest request) : FileDescription(request.Path, request.Flags)
    {
        public override Result<long> Read(ref IoVector to) => Fill(ref to);

        public override Result<long> ReadAt(ref IoVector to, long position) => Fill(ref to);

        /// <summary>Linux stirs what is written into its pool; the host's generator needs none of it.</summary>
        public override Result<long> Write(ref IoVector from) => from.Remaining;

        public override Result<long> WriteAt(ref IoVector from, long position) => from.Remaining;

        public override Result<long> Seek(long offset, SeekWhence whence) => 0;

        public override Result<long> Ioctl(in IoctlRequest request)
        {
            if (request.Request != RNDGETENTCNT)
                return Errno.EINVAL;
            var error = request.Memory.Write(new UserPtr<int>(request.Argument), 256);
            return error == Errno.None ? 0 : error;
        }
    }
}
