namespace Nommu.Core.Memory;

/// <summary>Linux: <c>T __user *</c>. An address the guest gave; nothing is known of it.</summary>
/// <typeparam name="T">What lies there.</typeparam>
/// <param name="Address">The address.</param>
internal readonly record struct UserPtr<T>(ulong Address) where T : unmanaged
{
    internal bool IsNull => Address == 0;

    /// <summary>The element at an index.</summary>
    internal UserPtr<T> At(int index) => new(Address + ((ulong)index * (ulong)System.Runtime.CompilerServices.Unsafe.SizeOf<T>()));
}
