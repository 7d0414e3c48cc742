using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Signals;

namespace Nommu.Core.Processes;

/// <summary>What calls on files need of a thread.</summary>
internal sealed partial class GuestThread
{
    private byte[]? _path;
    private byte[]? _otherPath;
    private Iovec[]? _iovecs;

    /// <summary>Linux: PATH_MAX, with the zero.</summary>
    internal const int MaximumPath = 4096;

    /// <summary>Linux: UIO_MAXIOV.</summary>
    internal const int MaximumIovecs = 1024;

    /// <summary>Where the path of the call that runs is copied to.</summary>
    internal byte[] PathBuffer => _path ??= new byte[MaximumPath];

    /// <summary>For calls with two paths.</summary>
    internal byte[] OtherPathBuffer => _otherPath ??= new byte[MaximumPath];

    /// <summary>Where the segments of readv(2) and its kin are copied to.</summary>
    internal Iovec[] IovecBuffer => _iovecs ??= new Iovec[MaximumIovecs];

    /// <summary>This thread as the one who asks for names.</summary>
    internal FsCaller FsCaller => new(Fs, Credentials, this);

    /// <summary>SIGPIPE of a write that nobody will read.</summary>
    internal void SendSignalToSelf(Signal signal)
    {
        lock (Process.Tasks.Lock)
            _ = SignalGeneration.Send(this, FromSelf(signal));
    }

    private Siginfo FromSelf(Signal signal) => Siginfo.FromUser(signal, SigCode.SI_USER, Process.Id, Credentials.Uid);
}
