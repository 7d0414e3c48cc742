using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: the head of <c>struct inotify_event</c>, 16 bytes (inotify(7)); the name follows, filled up with zeros.</summary>
/// <param name="Watch">The watch descriptor.</param>
/// <param name="Mask">What happened.</param>
/// <param name="Cookie">The same for both halves of a rename.</param>
/// <param name="NameLength">With the zeros.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct InotifyEvent(int Watch, InotifyMask Mask, uint Cookie, uint NameLength);
