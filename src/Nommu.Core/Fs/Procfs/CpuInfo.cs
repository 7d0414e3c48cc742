using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;
using Nommu.Core.Host;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: /proc/cpuinfo, from what the processor says of itself (CPUID), since guests run on the very one; of its flags those that the host's kernel shows.</summary>
internal static class CpuInfo
{
    /// <summary>Names of the bits of leaf 1 EDX, leaf 1 ECX, leaf 7 EBX and leaf 0x80000001 EDX and ECX, from bit 0; a dash for those without.</summary>
    private static readonly string[] Flags =
    [
        "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn clflush - dts acpi mmx fxsr sse sse2 ss ht tm ia64 pbe",
        "pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid sdbg fma cx16 xtpr pdcm - pcid dca sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave - avx f16c rdrand hypervisor",
        "fsgsbase tsc_adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm cqm - mpx rdt_a avx512f avx512dq rdseed adx smap avx512ifma - clflushopt clwb intel_pt avx512pf avx512er avx512cd sha_ni avx512bw avx512vl",
        "- - - - - - - - - - - syscall - - - - - - - mp nx - mmxext - - fxsr_opt pdpe1gb rdtscp - lm 3dnowext 3dnow",
        "lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop skinit wdt - lwp fma4 tce - nodeid_msr - tbm topoext perfctr_core perfctr_nb - bpext ptsc perfctr_llc mwaitx - -",
    ];

    internal static void Show(Machine machine, SeqText text)
    {
        if (!X86Base.IsSupported)
            return;
        var one = X86Base.CpuId(1, 0);
        var (family, model) = FamilyAndModel(one.Eax);
        var count = Environment.ProcessorCount;
        for (var i = 0; i < count; i++)
        {
            text.Add($"processor\t: {i}\nvendor_id\t: {Vendor()}\ncpu family\t: {family}\nmodel\t\t: {model}\nmodel name\t: {ModelName()}\nstepping\t: {one.Eax & 15}\n");
            text.Add($"physical id\t: 0\nsiblings\t: {count}\ncore id\t\t: {i}\ncpu cores\t: {count}\napicid\t\t: {i}\ninitial apicid\t: {i}\n");
            text.Add($"fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: {X86Base.CpuId(0, 0).Eax}\nwp\t\t: yes\nflags\t\t: ");
            ShowFlags(text);
            text.Add($"\nbugs\t\t:\nclflush size\t: {((one.Ebx >> 8) & 255) * 8}\ncache_alignment\t: 64\n");
            ShowAddressSizes(text);
        }
    }

    private static (int Family, int Model) FamilyAndModel(int signature)
    {
        var family = (signature >> 8) & 15;
        var model = (signature >> 4) & 15;
        if (family >= 6)
            model |= (signature >> 12) & 0xf0;
        return (family == 15 ? family + ((signature >> 20) & 255) : family, model);
    }

    private static string Vendor()
    {
        var (_, b, c, d) = X86Base.CpuId(0, 0);
        return Encoding.ASCII.GetString(MemoryMarshal.AsBytes<int>([b, d, c]));
    }

    private static string ModelName()
    {
        if ((uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax < 0x80000004)
            return "unknown";
        Span<int> words = stackalloc int[12];
        for (var i = 0; i < 3; i++)
            (words[i * 4], words[(i * 4) + 1], words[(i * 4) + 2], words[(i * 4) + 3]) = X86Base.CpuId(unchecked((int)0x80000002) + i, 0);
        return Encoding.ASCII.GetString(MemoryMarshal.AsBytes(words)).TrimEnd('\0', ' ').TrimStart();
    }

    private static void ShowFlags(SeqText text)
    {
        var one = X86Base.CpuId(1, 0);
        var seven = X86Base.CpuId(0, 0).Eax >= 7 ? X86Base.CpuId(7, 0) : default;
        var extended = X86Base.CpuId(unchecked((int)0x80000001), 0);
        ReadOnlySpan<int> words = [one.Edx, one.Ecx, seven.Ebx, extended.Edx, extended.Ecx];
        var found = new List<string>();
        for (var i = 0; i < words.Length; i++)
        {
            var names = Flags[i].Split(' ');
            for (var bits = (uint)words[i]; bits != 0; bits &= bits - 1)
            {
                var bit = BitOperations.TrailingZeroCount(bits);
                if (bit < names.Length && HostProcessor.Has(names[bit]))
                    found.Add(names[bit]);
            }
        }
        text.Add($"{string.Join(' ', found)}");
    }

    private static void ShowAddressSizes(SeqText text)
    {
        var sizes = (uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax >= 0x80000008 ? X86Base.CpuId(unchecked((int)0x80000008), 0).Eax : 0x3024;
        text.Add($"address sizes\t: {sizes & 255} bits physical, {(sizes >> 8) & 255} bits virtual\npower management:\n\n");
    }
}
