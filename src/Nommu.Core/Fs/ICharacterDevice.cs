using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: the <c>open</c> of a character driver's <c>file_operations</c>. A driver that is happy with reads, writes and ioctls derives from <see cref="CharacterDevice"/> instead.</summary>
public interface ICharacterDevice
{
    /// <summary>Opens the device.</summary>
    /// <param name="request">Through which node and how.</param>
    /// <returns>An open file of the driver's own, or ENXIO, EBUSY, ENODEV...</returns>
    Result<FileDescription> Open(in OpenRequest request);
}
