using Nommu.Core.Abi;
using Nommu.Core.Diagnostics;
using Nommu.Core.Fs;

namespace Nommu.Core.Drivers.Char;

/// <summary>Linux: drivers/char/mem.c: the devices that every machine has.</summary>
internal static class DefaultCharacterDevices
{
    internal static void AddTo(DeviceTable devices, LogBuffer log)
    {
        const InodeMode everyone = (InodeMode)0x1B6;
        devices.Add("null", NullDevice.Number, new NullDevice(), everyone);
        devices.Add("zero", ZeroDevice.Number, new ZeroDevice(), everyone);
        devices.Add("full", FullDevice.Number, new FullDevice(), everyone);
        var random = new RandomDevice();
        devices.Add("random", RandomDevice.RandomNumber, random, everyone);
        devices.Add("urandom", RandomDevice.UrandomNumber, random, everyone);
        devices.Add("kmsg", KmsgDevice.Number, new KmsgDevice(log), (InodeMode)0x1A4);
    }
}
