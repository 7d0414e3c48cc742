using Nommu.Core.Abi;
using Nommu.Core.Fs;

namespace Nommu.Core.Benchmarks;

/// <summary>A console that tells when the first line has been written to it.</summary>
internal sealed class FirstLine : CharacterDevice
{
    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task Written => _written.Task;

    protected override ValueTask<Result<int>> WriteAsync(CharacterDeviceFile file, ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        if (buffer.Span.Contains((byte)'\n'))
            _written.TrySetResult();
        return new(buffer.Length);
    }

    protected override ValueTask<Result<int>> ReadAsync(CharacterDeviceFile file, Memory<byte> buffer, CancellationToken cancellationToken) => new(0);
}
