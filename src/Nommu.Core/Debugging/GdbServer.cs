using System.Net;
using System.Net.Sockets;
using Nommu.Core.Processes;

namespace Nommu.Core.Debugging;

/// <summary>
/// Lets gdb look at one process of a kernel (<c>target remote</c>): the remote serial protocol of the GDB manual, appendix E, on a socket. One client at a time; while there is none the process goes on as it is,
/// so that one that was started or attached to waits for its first. All threads stop together. Children are not debugged.
/// </summary>
/// <remarks>gdb needs no files of the host: it reads the guest's through the server.</remarks>
public sealed class GdbServer : IAsyncDisposable
{
    private readonly Machine _machine;
    private readonly ProcessDebugger _debugger;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _service;

    private GdbServer(GuestProcess process, ProcessDebugger debugger, Socket listener)
    {
        (Process, _debugger, _listener, _machine) = (process, debugger, listener, process.Machine);
        _machine.HostThreads.ChangeDebuggers(1);
        _service = Task.Run(ServeAsync);
    }

    /// <summary>Who is debugged.</summary>
    public GuestProcess Process { get; }

    /// <summary>Where it listens; with the port that was found where 0 was asked for.</summary>
    public EndPoint EndPoint => _listener.LocalEndPoint!;

    /// <summary>Stops a process and listens.</summary>
    /// <exception cref="InvalidOperationException">The process has ended, or has a debugger.</exception>
    /// <exception cref="SocketException">The host does not let us listen there.</exception>
    internal static GdbServer Attach(GuestProcess process, EndPoint endPoint)
    {
        var listener = Listen(endPoint);
        var debugger = new ProcessDebugger(process);
        if (debugger.Attach())
            return new GdbServer(process, debugger, listener);
        listener.Dispose();
        throw new InvalidOperationException("The process has ended or is debugged already.");
    }

    /// <summary>Starts a process that is stopped before its first instruction, and listens.</summary>
    /// <exception cref="GuestException">It can't be executed.</exception>
    /// <exception cref="SocketException">The host does not let us listen there.</exception>
    internal static GdbServer Start(Machine machine, GuestProcessStartInfo info, EndPoint endPoint)
    {
        var listener = Listen(endPoint);
        try
        {
            ProcessDebugger? debugger = null;
            var process = new ProcessStart(machine).Start(info, made => (debugger = new ProcessDebugger(made)).Attach());
            return new GdbServer(process, debugger!, listener);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Lets the process go on, if it is there, and listens no more.</summary>
    /// <returns>A task that ends when it has.</returns>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _service;
        _end.Dispose();
    }

    private static Socket Listen(EndPoint endPoint)
    {
        var listener = new Socket(endPoint.AddressFamily, SocketType.Stream, endPoint is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
        try
        {
            listener.Bind(endPoint);
            listener.Listen(1);
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    private async Task ServeAsync()
    {
        try
        {
            while (!Process.HasExited && !_end.IsCancellationRequested)
            {
                using var client = await AcceptAsync();
                if (client is null)
                    break;
                client.NoDelay = client.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6;
                await using var stream = new NetworkStream(client);
                using var session = new GdbSession(_debugger, new GdbPackets(stream));
                if (!await session.RunAsync(_end.Token))
                    break;
            }
        }
        finally
        {
            _debugger.Detach();
            _machine.HostThreads.ChangeDebuggers(-1);
        }
    }

    /// <returns>Null where nobody came before the end.</returns>
    private async Task<Socket?> AcceptAsync()
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        var exit = Process.WaitForExitAsync(ended.Token);
        try
        {
            var accept = _listener.AcceptAsync(ended.Token).AsTask();
            if (await Task.WhenAny(accept, exit) == accept)
                return await accept;
            await ended.CancelAsync();
            return await accept;
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            return null;
        }
        finally
        {
            await ended.CancelAsync();
        }
    }
}
