using Microsoft.Extensions.DependencyInjection;
using Nommu.Core;
using Nommu.Core.Processes;
using Nommu.Samples.CharacterDevice;

// A device driver in C#, and a guest program that uses it.
var services = new ServiceCollection();
services.AddNommuKernel(kernel => kernel
    .UseRootDirectory(GuestRoot.Path)
    .UseCommandLine("mem=256m loglevel=4")
    .AddCharacterDevice<CounterDevice>("counter"));
await using var provider = services.BuildServiceProvider();
var kernel = provider.GetRequiredService<Kernel>();
await kernel.BootAsync();
var process = kernel.Start(new GuestProcessStartInfo("/bin/sh", "-c", "head -n 2 /dev/counter; echo 3 > /dev/counter; head -n 1 /dev/counter; ls -l /dev/counter"));
Console.Write(await process.StandardOutput.ReadToEndAsync());
Console.Error.Write(await process.StandardError.ReadToEndAsync());
return await process.WaitForExitAsync();
