using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Nommu.Core.Abi;
using Nommu.Core.Execution;
using Nommu.Core.Memory;

namespace Nommu.Core.Loader;

/// <summary>
/// What a program finds on its stack (System V x86-64 psABI, 3.4.1), in Linux's order: at the top eight zero bytes, below them the path, the environment's strings, the arguments' strings; the platform's name and
/// the random bytes; and from the stack pointer on, which is a multiple of 16, argc, argv, envp and the auxiliary vector.
/// </summary>
internal ref struct InitialStack
{
    private const int RandomLength = 16;

    private static ReadOnlySpan<byte> Platform => "x86_64\0"u8;

    private readonly ExecRequest _request;
    private readonly ulong _top;
    private readonly Span<byte> _bytes;
    private ulong _at;

    private InitialStack(ExecRequest request, ulong top, Span<byte> bytes)
    {
        (_request, _top, _at) = (request, top, top);
        _bytes = bytes;
    }

    /// <summary>An upper bound of what it takes.</summary>
    internal static int MostBytes(ExecRequest request) =>
        1024 + request.FileName.Length + request.Arguments.Bytes.Length + request.Environment.Bytes.Length + (8 * (request.Arguments.Count + request.Environment.Count));

    /// <summary>Writes it.</summary>
    /// <param name="space">Gets the places in its <see cref="MemoryLayout"/>.</param>
    /// <param name="request">Arguments and environment.</param>
    /// <param name="vector">Everything of the auxiliary vector up to AT_SECURE; the rest is added here.</param>
    /// <param name="top">The first address behind the stack.</param>
    /// <returns>The stack pointer.</returns>
    internal static Result<ulong> Write(AddressSpace space, ExecRequest request, AuxiliaryVector vector, ulong top)
    {
        var stack = new InitialStack(request, top, new byte[MostBytes(request)]);
        var pointer = stack.Fill(space.Layout, vector);
        space.OpenStackWithin(pointer, top);
        var error = space.Memory.Write(pointer, stack._bytes[^(int)(top - pointer)..]);
        return error == Errno.None ? pointer : error;
    }

    private ulong Fill(MemoryLayout layout, AuxiliaryVector vector)
    {
        _at -= 8;
        _at--;
        var name = Push(_request.FileName.Span);
        layout.EnvEnd = name;
        layout.EnvStart = layout.ArgEnd = Push(_request.Environment.Bytes);
        layout.ArgStart = Push(_request.Arguments.Bytes);
        _at &= ~15UL;
        var platform = Push(Platform);
        Span<byte> random = stackalloc byte[RandomLength];
        RandomNumberGenerator.Fill(random);
        var randomAt = Push(random);
        vector.Add(AuxiliaryVectorType.AT_RANDOM, randomAt);
        vector.Add(AuxiliaryVectorType.AT_HWCAP2, ExecutionRuntime.Instance.GuestCapabilities2);
        vector.Add(AuxiliaryVectorType.AT_EXECFN, name);
        vector.Add(AuxiliaryVectorType.AT_PLATFORM, platform);
        layout.AuxiliaryVector = vector.ToBytes();
        var words = (ulong)(1 + _request.Arguments.Count + 1 + _request.Environment.Count + 1 + vector.Length);
        _at = (_at - (8 * words)) & ~15UL;
        layout.StartStack = _at;
        var to = MemoryMarshal.Cast<byte, ulong>(At(_at, 8 * (int)words));
        to[0] = (ulong)_request.Arguments.Count;
        to = WritePointers(to[1..], _request.Arguments.Bytes, layout.ArgStart);
        to = WritePointers(to, _request.Environment.Bytes, layout.EnvStart);
        vector.Words.CopyTo(to);
        return _at;
    }

    private static Span<ulong> WritePointers(Span<ulong> to, ReadOnlySpan<byte> strings, ulong address)
    {
        var index = 0;
        while (!strings.IsEmpty)
        {
            to[index++] = address;
            var length = strings.IndexOf((byte)0) + 1;
            strings = strings[length..];
            address += (ulong)length;
        }
        to[index++] = 0;
        return to[index..];
    }

    private ulong Push(scoped ReadOnlySpan<byte> bytes)
    {
        _at -= (ulong)bytes.Length;
        bytes.CopyTo(At(_at, bytes.Length));
        return _at;
    }

    private readonly Span<byte> At(ulong address, int length) => _bytes.Slice(_bytes.Length - (int)(_top - address), length);
}
