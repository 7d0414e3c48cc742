using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Signals;

namespace Nommu.Core.Processes;

/// <summary>The process as the host sees it, in the manner of <see cref="System.Diagnostics.Process"/>.</summary>
public sealed partial class GuestProcess
{
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private StreamWriter? _standardInput;
    private StreamReader? _standardOutput;
    private StreamReader? _standardError;

    /// <summary>What the process reads as its standard input, where the host started it with <see cref="GuestStandardStream.Pipe"/>. Disposing of it is the end of the file.</summary>
    /// <exception cref="InvalidOperationException">It is no pipe.</exception>
    public StreamWriter StandardInput => _standardInput ?? throw NotRedirected();

    /// <summary>What the process writes to its standard output, where the host started it with <see cref="GuestStandardStream.Pipe"/>.</summary>
    /// <exception cref="InvalidOperationException">It is no pipe.</exception>
    public StreamReader StandardOutput => _standardOutput ?? throw NotRedirected();

    /// <summary>What the process writes to its standard error, where the host started it with <see cref="GuestStandardStream.Pipe"/>.</summary>
    /// <exception cref="InvalidOperationException">It is no pipe.</exception>
    public StreamReader StandardError => _standardError ?? throw NotRedirected();

    /// <summary>True once it has ended.</summary>
    public bool HasExited => _ended.Task.IsCompleted;

    /// <summary>How it ended: what it said to exit(2), or 128 and the number of the signal that ended it, as a shell says it.</summary>
    /// <exception cref="InvalidOperationException">It has not ended.</exception>
    public int ExitCode => HasExited ? _ended.Task.Result : throw new InvalidOperationException("The process has not ended.");

    /// <summary>Waits for its end.</summary>
    /// <param name="cancellationToken">Ends the wait, not the process.</param>
    /// <returns><see cref="ExitCode"/>.</returns>
    public Task<int> WaitForExitAsync(CancellationToken cancellationToken = default) => _ended.Task.WaitAsync(cancellationToken);

    /// <summary>Waits for its end.</summary>
    /// <returns><see cref="ExitCode"/>.</returns>
    public int WaitForExit() => _ended.Task.GetAwaiter().GetResult();

    /// <summary>Sends a signal, as the kernel itself. A process that has ended is left alone.</summary>
    /// <param name="signal">The signal.</param>
    public void Kill(Signal signal = Signal.SIGKILL)
    {
        lock (_tasks.Lock)
        {
            if (State != ProcessState.Zombie)
                _ = SignalGeneration.Send(this, Siginfo.FromKernel(signal));
        }
    }

    /// <summary>The host's ends of its pipes; null where there is none.</summary>
    internal void SetStreams(Stream? input, Stream? output, Stream? error)
    {
        var encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        _standardInput = input is null ? null : new StreamWriter(input, encoding) { AutoFlush = true };
        _standardOutput = output is null ? null : new StreamReader(output, encoding);
        _standardError = error is null ? null : new StreamReader(error, encoding);
    }

    private void TellHost(WaitStatus status) => _ended.TrySetResult(status.IsSignaled ? 128 + status.TerminatingSignal : status.ExitCode);

    private static InvalidOperationException NotRedirected() => new("The stream is not a pipe to the host.");
}
