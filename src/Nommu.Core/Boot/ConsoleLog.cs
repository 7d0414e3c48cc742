using System.Globalization;
using System.Text;
using Nommu.Core.Diagnostics;
using Nommu.Core.Processes;

namespace Nommu.Core.Boot;

/// <summary>Linux: the console driver of printk: what the kernel says appears on the console, with its time, if it is important enough (<c>loglevel=</c>).</summary>
internal sealed class ConsoleLog(Machine machine, KernelCommandLine line)
{
    internal void Follow()
    {
        if (line.LogLevel is { } level)
            machine.Log.ConsoleLevel = level;
        machine.Log.Sink += Print;
    }

    private void Print(LogRecord record)
    {
        if ((record.Priority & 7) >= machine.Log.ConsoleLevel || machine.Terminals is not { } terminals)
            return;
        var time = record.Time.TotalSeconds.ToString("F6", CultureInfo.InvariantCulture).PadLeft(12);
        terminals.Console.Print([.. Encoding.ASCII.GetBytes($"[{time}] "), .. record.Text]);
    }
}
