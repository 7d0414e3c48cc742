using Nommu.Core;
using Nommu.Samples.Shell;

var options = ShellOptions.Parse(args);
if (options.WantsHelp)
{
    Console.WriteLine(ShellOptions.Usage);
    return 0;
}
if (options.Mistake is { } mistake)
    return Fail(mistake, 2);
try
{
    if (options.Root is { } root && !Path.Exists(root))
        return Fail($"no such root: {root}", 2);
    await using var machine = new ShellMachine(options);
    return options.ListsSystemCalls ? machine.ListSystemCalls()
        : options.Program.Count > 0 ? await machine.RunProgramAsync()
        : await machine.RunInitAsync();
}
catch (GuestException exception)
{
    // As a shell has it: 127 for what is not there, 126 for what can't be executed.
    return Fail(exception.Message, exception.Error == Nommu.Core.Abi.Errno.ENOENT ? 127 : 126);
}
catch (ArgumentException exception)
{
    return Fail(exception.Message, 2); // of the trace
}
catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException or PlatformNotSupportedException or InsufficientMemoryException)
{
    return Fail(exception.Message, 1);
}

static int Fail(string why, int status)
{
    Console.Error.WriteLine($"nommu: {why}");
    return status;
}
