using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: a file opened with O_PATH: a place to start from, nothing to read or write.</summary>
internal sealed class PathOnlyFile(FsPath path, OpenFlags flags) : FileDescription(path, flags);
