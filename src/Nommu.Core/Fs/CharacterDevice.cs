using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: a character driver's <c>file_operations</c>, as one small class: override what the device can do.</summary>
/// <remarks>One object is the device; an open file of it is a <see cref="CharacterDeviceFile"/>. A method may wait: its caller sleeps meanwhile, and a signal cancels the token.</remarks>
public abstract class CharacterDevice : ICharacterDevice
{
    /// <summary>Somebody opens the device.</summary>
    /// <param name="file">The open file; a place for state of its own.</param>
    /// <returns>ENXIO, EBUSY...</returns>
    protected internal virtual Errno Open(CharacterDeviceFile file) => Errno.None;

    /// <summary>Somebody reads.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="buffer">At most this much; not empty.</param>
    /// <param name="cancellationToken">Cancelled by a signal and when the file is closed.</param>
    /// <returns>Bytes, 0 at the end. EAGAIN is passed on as it is.</returns>
    protected internal virtual ValueTask<Result<int>> ReadAsync(CharacterDeviceFile file, Memory<byte> buffer, CancellationToken cancellationToken) => new(Errno.EINVAL);

    /// <summary>Somebody writes.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="buffer">What is written.</param>
    /// <param name="cancellationToken">Cancelled by a signal and when the file is closed.</param>
    /// <returns>Bytes taken.</returns>
    protected internal virtual ValueTask<Result<int>> WriteAsync(CharacterDeviceFile file, ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) => new(Errno.EINVAL);

    /// <summary>Somebody calls ioctl(2).</summary>
    /// <param name="file">The open file.</param>
    /// <param name="request">What is asked.</param>
    /// <returns>The call's value; ENOTTY for what is not understood.</returns>
    protected internal virtual Result<long> Ioctl(CharacterDeviceFile file, in IoctlRequest request) => Errno.ENOTTY;

    /// <summary>Reports what can be done without waiting; <see cref="CharacterDeviceFile.NotifyChanged"/> tells of changes.</summary>
    /// <param name="file">The open file.</param>
    /// <returns>Every event that holds.</returns>
    protected internal virtual PollEvents Poll(CharacterDeviceFile file) => PollEvents.POLLIN | PollEvents.POLLRDNORM | PollEvents.POLLOUT | PollEvents.POLLWRNORM;

    /// <summary>The last descriptor of an open file is closed.</summary>
    /// <param name="file">The open file.</param>
    protected internal virtual void Release(CharacterDeviceFile file)
    {
    }

    Result<FileDescription> ICharacterDevice.Open(in OpenRequest request)
    {
        var file = new CharacterDeviceFile(this, request);
        var error = Open(file);
        if (error == Errno.None)
            return file;
        file.Abandon();
        return error;
    }
}
