using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>What pipe(2) and socketpair(2) answer: two descriptors, or none.</summary>
internal static class UserDescriptorPair
{
    /// <summary>Gives two files their numbers and writes these to an array of two.</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="first">Its reference is taken over, on failure too.</param>
    /// <param name="second">The same.</param>
    /// <param name="closeOnExec">For both.</param>
    /// <param name="pair">Where the numbers go.</param>
    /// <returns>EMFILE, EFAULT.</returns>
    internal static Errno Install(GuestThread thread, FileDescription first, FileDescription second, bool closeOnExec, UserPtr<int> pair)
    {
        var one = thread.Files.Add(first, closeOnExec);
        if (!one.IsOk)
        {
            second.Release();
            return one.Error;
        }
        var other = thread.Files.Add(second, closeOnExec);
        var error = other.Error;
        if (error == Errno.None)
            error = thread.Memory.Write(new UserPtr<ulong>(pair.Address), (uint)one.Value | ((ulong)(uint)other.Value << 32));
        if (error == Errno.None)
            return Errno.None;
        thread.Files.Close(one.Value);
        if (other.IsOk)
            thread.Files.Close(other.Value);
        return error;
    }
}
