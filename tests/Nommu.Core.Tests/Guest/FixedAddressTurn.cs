namespace Nommu.Core.Tests.Guest;

/// <summary>Programs with a fixed address lie there one at a time in a process of the host, and tests run side by side.</summary>
internal sealed class FixedAddressTurn : IDisposable
{
    private static readonly SemaphoreSlim s_turn = new(1);

    private FixedAddressTurn()
    {
    }

    internal static async Task<IDisposable> TakeAsync()
    {
        await s_turn.WaitAsync();
        return new FixedAddressTurn();
    }

    public void Dispose() => s_turn.Release();
}
