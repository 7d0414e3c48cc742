using Nommu.Core.Abi;
using Nommu.Core.Fs;

namespace Nommu.Core.Boot;

/// <summary>A character device of the host's: its name below /dev, its driver, and the permissions of its node.</summary>
internal sealed record DeviceRegistration(string Name, ICharacterDevice Driver, InodeMode Mode);
