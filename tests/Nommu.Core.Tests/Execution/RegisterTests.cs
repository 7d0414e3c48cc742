using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Nommu.Core.Execution;
using static Iced.Intel.AssemblerRegisters;

namespace Nommu.Core.Tests.Execution;

public class RegisterTests
{
    [Test]
    public void ContextOffsetsAreTheFields()
    {
        foreach (var field in typeof(ContextOffsets).GetFields(System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic))
        {
            var expected = typeof(GuestContext).GetField(field.Name, System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic) is not null
                ? Marshal.OffsetOf<GuestContext>(field.Name)
                : GuestContext.RegistersOffset + Marshal.OffsetOf<GuestRegisters>(field.Name);
            Assert.That((nint)(int)field.GetRawConstantValue()!, Is.EqualTo(expected), field.Name);
        }
    }

    [Test]
    public void X87RegistersAreFetchedAndPutBack([Values] bool disturb)
    {
        using var code = new GuestCode(a => { a.fldpi(); a.fld1(); GuestCode.Call(a, 1000); a.fstp(__qword_ptr[rsp]); a.pop(rbx); a.fstp(__qword_ptr[rsp - 16]); a.mov(r12, __qword_ptr[rsp - 16]); a.ud2(); });
        using var other = new GuestCode(a => { a.fninit(); a.fldz(); a.fldz(); GuestCode.Call(a, 1001); });
        code.Run(cpu =>
        {
            cpu.Run();
            cpu.CompleteXState();
            if (disturb)
            {
                var state = cpu.XState.ToArray();
                var registers = cpu.Registers;
                cpu.Registers.Rip = other.Entry;
                cpu.Context.Saved = SavedState.Xmm;
                cpu.Run();
                Assert.That(cpu.Registers.Rax, Is.EqualTo(1001));
                state.CopyTo(cpu.XState);
                cpu.Registers = registers;
                cpu.Context.Saved = SavedState.All;
            }
            Assert.That(cpu.Run().Signal, Is.EqualTo(4));
            Assert.That((BitConverter.UInt64BitsToDouble(cpu.Registers.Rbx), BitConverter.UInt64BitsToDouble(cpu.Registers.R12)), Is.EqualTo((1.0, Math.PI)));
        });
    }

    /// <summary>Every register a system call keeps is random before each call and looked at after it, on every way out, while collections run.</summary>
    [Test]
    public void AllRegistersSurviveEveryWayOut([Values("slow", "fast", "trap")] string way, [Values] bool allVectors)
    {
        const int Rounds = 2_000;
        var seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var code = new GuestCode(a =>
        {
            var again = a.CreateLabel();
            a.Label(ref again);
            if (way == "trap")
            {
                a.mov(eax, 1000);
                a.syscall();
            }
            else
            {
                GuestCode.Call(a, way == "fast" ? 39 : 1000);
            }
            a.nop();
            a.ud2(); // the fault's exit shows the complete state after the call
            a.jmp(again);
        });
        var stop = false;
        var collector = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                GC.KeepAlive(new byte[10_000]);
                GC.Collect(0);
                Thread.Yield();
            }
        });
        collector.Start();
        try
        {
            code.Run(cpu => PlayRounds(cpu, code.Entry, random, Rounds));
        }
        finally
        {
            Volatile.Write(ref stop, true);
            collector.Join();
        }

        void PlayRounds(GuestCpu cpu, ulong entry, Random values, int count)
        {
            cpu.Context.Pid = 4711;
            cpu.Context.SaveAllVectors = allVectors ? 1u : 0u;
            var xmm = new byte[256];
            var wide = allVectors ? WideParts(cpu) : [];
            for (var round = 0; round < count; round++)
            {
                var set = new GuestRegisters();
                var span = MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref set, 1));
                values.NextBytes(span);
                set.Rip = entry;
                set.Rflags = 0x202 | (set.Rflags & 0xcd5); // CF PF AF ZF SF DF OF
                values.NextBytes(xmm);
                cpu.Registers = set;
                cpu.Context.FsBase = 0x7000_0000_0000 | (set.Rbx & 0xfff_fff8);
                var fs = cpu.Context.FsBase;
                cpu.Context.GuestMxcsr = 0x1f80u | (uint)values.Next(4) << 13;
                var mxcsr = cpu.Context.GuestMxcsr;
                xmm.CopyTo(cpu.XState[160..]);
                cpu.XState[512] |= 2; // XSTATE_BV: SSE in use
                foreach (var (feature, offset, bytes) in wide)
                {
                    values.NextBytes(bytes);
                    bytes.CopyTo(cpu.XState[offset..]);
                    cpu.XState[512] |= (byte)(1 << feature);
                }
                if (allVectors)
                    cpu.Context.Saved = SavedState.All;
                var exit = cpu.Run();
                if (way != "fast")
                {
                    Assert.That(cpu.Registers.Rax, Is.EqualTo(1000UL));
                    exit = cpu.Run();
                }
                Assert.That((exit.Kind, exit.Signal), Is.EqualTo((GuestExitKind.Fault, 4)));
                var after = cpu.Registers;
                Assert.That(after.Rax, Is.EqualTo(way == "fast" ? 4711UL : 1000UL));
                (after.Rax, after.Rcx, after.R11, after.Rip) = (set.Rax, set.Rcx, set.R11, set.Rip);
                after.Rflags &= 0xcd5;
                set.Rflags &= 0xcd5;
                Assert.That(MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref after, 1)).SequenceEqual(span), $"round {round}");
                Assert.That(cpu.XState.Slice(160, 256).SequenceEqual(xmm), $"xmm, round {round}");
                foreach (var (feature, offset, bytes) in wide)
                    Assert.That(cpu.XState.Slice(offset, bytes.Length).SequenceEqual(bytes), $"feature {feature}, round {round}");
                Assert.That((cpu.Context.FsBase, cpu.Context.GuestMxcsr), Is.EqualTo((fs, mxcsr)));
            }
        }
    }

    /// <summary>Upper halves of ymm, masks, upper halves of zmm0-15, zmm16-31: those that this processor has.</summary>
    private static List<(int Feature, int Offset, byte[] Bytes)> WideParts(GuestCpu cpu)
    {
        var features = cpu.XStateLayout.UserFeatures;
        return [.. new[] { 2, 5, 6, 7 }.Where(feature => (features & (1UL << feature)) != 0).Select(Part)];

        static (int, int, byte[]) Part(int feature)
        {
            var (size, offset, _, _) = X86Base.CpuId(0xd, feature);
            return (feature, offset, new byte[size]);
        }
    }
}
