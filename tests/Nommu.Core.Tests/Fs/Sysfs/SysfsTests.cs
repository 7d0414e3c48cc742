using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Sysfs;
using Nommu.Core.Tests.Fs.Procfs;

namespace Nommu.Core.Tests.Fs.Sysfs;

public class SysfsTests
{
    private sealed class Driver : ICharacterDevice
    {
        public Result<FileDescription> Open(in OpenRequest request) => Errno.ENXIO;
    }

    [Test]
    public void DevicesAreFoundByClassAndByNumber()
    {
        var devices = new DeviceTable();
        using var machine = new ProcMachine(new SysfsType(devices));
        var thread = machine.Start("init");
        var files = machine.Machine.FileSystem;
        Assert.That(NameCreation.MakeDirectory(thread.FsCaller, thread.Fs.Root, "/sys"u8, (InodeMode)0x1ED), Is.EqualTo(Errno.None));
        Assert.That(devices.Add("null", new DeviceNumber(1, 3), new Driver(), (InodeMode)0x1B6), Is.EqualTo(Errno.None));
        Assert.That(MountOperations.Perform(thread.FsCaller, ProcMachine.Resolve(thread, "/sys").Value, "sysfs"u8, "sysfs", MountFlags.None, default), Is.EqualTo(Errno.None));
        Assert.That(devices.Add("counter0", new DeviceNumber(254, 7), new Driver(), (InodeMode)0x1B6), Is.EqualTo(Errno.None));
        Assert.That(ProcMachine.Read(thread, "/sys/class/mem/null/dev").Value, Is.EqualTo("1:3\n"));
        Assert.That(ProcMachine.Read(thread, "/sys/dev/char/254:7/uevent").Value, Is.EqualTo("MAJOR=254\nMINOR=7\nDEVNAME=counter0\n"));
        Assert.That(ProcMachine.List(thread, "/sys/class"), Is.EqualTo(new[] { "mem", "counter" }));
        Assert.That(ProcMachine.List(thread, "/sys/class/counter/counter0/subsystem"), Is.EqualTo(new[] { "counter0" }));
        devices.Remove(new DeviceNumber(254, 7));
        Assert.That(ProcMachine.List(thread, "/sys/dev/char"), Is.EqualTo(new[] { "1:3" }));
        Assert.That(ProcMachine.Open(thread, "/sys/new", OpenFlags.O_WRONLY | OpenFlags.O_CREAT).Error, Is.EqualTo(Errno.EACCES));
    }
}
