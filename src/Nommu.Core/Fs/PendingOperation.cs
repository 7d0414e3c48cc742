using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs;

/// <summary>One read or write of a driver that may take a while: whoever asked sleeps, and finds the result here. Its methods but <see cref="Cancel"/> run under the file's lock.</summary>
/// <remarks>Whoever asked may be called away by a signal. What was read then waits for the next reader; what was not, or was written, is nobody's result any more.</remarks>
internal sealed class PendingOperation(WaitQueue done) : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private CancellationTokenSource? _cancel;
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private Task<Result<int>>? _running;
    private Result<int>? _result;
    private volatile bool _orphaned;

    /// <summary>True when there is nothing to wait for or to hand out, so that a new operation may begin.</summary>
    internal bool IsFree(bool keepsData)
    {
        if (_start < _end)
            return false;
        if (_running is { IsCompleted: true })
            Finish();
        if (_orphaned && _result is { } result && !(keepsData && result.IsOk))
            _result = null;
        return _running is null && _result is null;
    }

    internal CancellationToken Token => _cancel?.Token ?? None;

    internal ReadOnlyMemory<byte> Buffer => _buffer.AsMemory(_start);

    internal Memory<byte> Prepare(int length)
    {
        if (_buffer.Length < length)
            _buffer = new byte[length];
        if (_cancel is null || !_cancel.TryReset())
        {
            _cancel?.Dispose();
            _cancel = new CancellationTokenSource();
        }
        _start = _end = 0;
        _orphaned = false;
        return _buffer.AsMemory(0, length);
    }

    internal void Run(ValueTask<Result<int>> operation)
    {
        if (operation.IsCompletedSuccessfully)
        {
            _result = operation.Result;
            return;
        }
        _running = operation.AsTask();
        _running.ContinueWith(static (_, state) => ((WaitQueue)state!).Wake(), done, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>EAGAIN while it runs, EINTR when it was cancelled, EIO when it threw.</summary>
    internal Result<int> TakeResult()
    {
        if (_start < _end)
            return _end - _start;
        if (_running is { } running)
        {
            if (!running.IsCompleted)
                return Errno.EAGAIN;
            Finish();
        }
        var result = _result!.Value;
        _result = null;
        return result;
    }

    internal void KeepRest(int taken, int count)
    {
        _end = _start + count;
        _start += taken;
    }

    internal void Cancel()
    {
        _orphaned = true;
        _cancel?.Cancel();
    }

    public void Dispose() => _cancel?.Dispose();

    private void Finish()
    {
        var running = _running!;
        _running = null;
        _result = running.IsCompletedSuccessfully ? running.Result : running.IsCanceled ? Errno.EINTR : Errno.EIO;
    }
}
