using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Drivers.Tty;

/// <summary>Puts a guest's terminal on the terminal that the host process itself was started at: its keys go to the guest as they are typed, its size follows. Where the host's standard streams are no terminal it moves bytes, and the end of the input is typed as the end of a file.</summary>
/// <remarks>The host's terminal is put back on every way out: disposal, the end of the process, an exception nobody catches, and the signals that end a process.</remarks>
public sealed class HostConsole : IDisposable
{
    private readonly GuestTerminal _terminal;
    private readonly HostDescriptor _input = new(0);
    private readonly HostDescriptor _output = new(1);
    private readonly HostWakePipe _stop = new();
    private readonly CancellationTokenSource _cancel = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private readonly Termios _original;
    private readonly bool _isTerminal;
    private readonly Thread _keyboard;
    private readonly Task _screen;
    private int _disposed;
    private int _restored;

    private HostConsole(GuestTerminal terminal)
    {
        _terminal = terminal;
        _isTerminal = _input.TryGetTermios(out _original);
        foreach (var signal in new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP, PosixSignal.SIGQUIT })
            _signals.Add(PosixSignalRegistration.Create(signal, _ => Restore()));
        if (OperatingSystem.IsLinux())
        {
            _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Resize()));
            _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => MakeRaw()));
        }
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        AppDomain.CurrentDomain.UnhandledException += OnExit;
        Resize();
        MakeRaw();
        _screen = Task.Run(ShowScreen);
        _keyboard = new Thread(ReadKeyboard) { IsBackground = true, Name = "console keyboard" };
        _keyboard.Start();
    }

    /// <summary>Connects a terminal to the host's standard input and output.</summary>
    /// <param name="terminal">A guest's terminal; stays the caller's.</param>
    /// <returns>The connection; disposing of it shows what is left to show, and puts the host's terminal back.</returns>
    public static HostConsole Connect(GuestTerminal terminal)
    {
        ArgumentNullException.ThrowIfNull(terminal);
        return new HostConsole(terminal);
    }

    /// <summary>Ends when the guest's side of the terminal has come to an end.</summary>
    public Task Completion => _screen;

    /// <summary>Shows what is left and disconnects.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _cancel.Cancel(); // what is there is still shown
        _stop.Wake();
        _keyboard.Join();
        _screen.Wait();
        Restore();
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        AppDomain.CurrentDomain.UnhandledException -= OnExit;
        foreach (var signal in _signals)
            signal.Dispose();
        _stop.Dispose();
        _cancel.Dispose();
    }

    private void OnExit(object? sender, EventArgs e) => Restore();

    private void Resize()
    {
        if (_output.TryGetWindowSize(out var size) || _input.TryGetWindowSize(out size))
            _terminal.Resize(size.Columns, size.Rows);
    }

    /// <summary>As cfmakeraw(3) does it.</summary>
    private void MakeRaw()
    {
        if (!_isTerminal || Volatile.Read(ref _restored) != 0)
            return;
        var raw = _original;
        raw.Input &= ~(TermiosInput.IGNBRK | TermiosInput.BRKINT | TermiosInput.PARMRK | TermiosInput.ISTRIP | TermiosInput.INLCR | TermiosInput.IGNCR | TermiosInput.ICRNL | TermiosInput.IXON);
        raw.Output &= ~TermiosOutput.OPOST;
        raw.Local &= ~(TermiosLocal.ECHO | TermiosLocal.ECHONL | TermiosLocal.ICANON | TermiosLocal.ISIG | TermiosLocal.IEXTEN);
        raw.Characters[(int)TermiosCharacter.VMIN] = 1;
        raw.Characters[(int)TermiosCharacter.VTIME] = 0;
        _input.SetTermios(raw);
    }

    private void Restore()
    {
        if (_isTerminal && Interlocked.Exchange(ref _restored, 1) == 0)
            _input.SetTermios(_original);
    }

    private void ReadKeyboard()
    {
        var buffer = new byte[4096];
        try
        {
            while (_input.WaitReadable(_stop.Read))
            {
                if (_input.Read(buffer).TryGet(out var count) && count > 0)
                {
                    Type(buffer.AsMemory(0, count));
                    continue;
                }
                if (_isTerminal)
                    _terminal.HangUp();
                else
                    _terminal.TypeEndOfFile();
                return;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or IOException)
        {
            // The terminal has gone before us.
        }
    }

    /// <summary>Waits while the guest is behind, but not beyond the end of the connection.</summary>
    private void Type(ReadOnlyMemory<byte> typed)
    {
        var writing = _terminal.Input.WriteAsync(typed, _cancel.Token);
        if (!writing.IsCompletedSuccessfully)
            writing.AsTask().GetAwaiter().GetResult();
    }

    private async Task ShowScreen()
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await _terminal.Output.ReadAsync(buffer, _cancel.Token) is > 0 and var count)
            {
                for (var done = 0; done < count;)
                {
                    if (!_output.Write(buffer.AsSpan(done, count - done)).TryGet(out var written))
                        return;
                    done += written;
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or IOException)
        {
            // All that there was has been shown.
        }
    }
}
