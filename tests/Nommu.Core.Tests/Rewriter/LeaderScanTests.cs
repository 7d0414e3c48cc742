using System.Buffers.Binary;
using Nommu.Core.Rewriter;

namespace Nommu.Core.Tests.Rewriter;

/// <summary>The search for leaders against one that looks at every byte by itself.</summary>
public class LeaderScanTests
{
    private const int Length = (3 << 20) + 77; // long enough to be looked through in parts

    private readonly int _seed = TestContext.CurrentContext.Random.Next();

    [Test]
    public void EveryLeaderIsFoundWhereverItIsWritten([Range(1, 3)] int round)
    {
        TestContext.Out.WriteLine($"seed {_seed + round}");
        var random = new Random(_seed + round);
        var text = new byte[Length];
        random.NextBytes(text);
        var watched = Enumerable.Range(0, random.Next(1, 6)).Select(_ => random.Next(Length)).Select(start => (Start: start, End: start + random.Next(1, 200))).ToArray();
        Plant(random, text, watched);
        var (found, expected) = (Watching(watched), Watching(watched));
        LeaderScan.Collect(new ExecutableText(text, 0), found);
        Expect(text, expected);
        var leaders = Enumerable.Range(0, Length).Where(expected.Contains).ToArray();
        Assert.That(leaders, Is.Not.Empty);
        Assert.That(Enumerable.Range(0, Length).Where(found.Contains), Is.EqualTo(leaders));
    }

    private static LeaderMap Watching((int Start, int End)[] ranges)
    {
        var map = new LeaderMap(Length);
        foreach (var (start, end) in ranges)
            map.Watch(start, end);
        return map;
    }

    // Branches, addresses and tables that lead near what is watched, everywhere: at both ends and where parts meet too.
    private static void Plant(Random random, byte[] text, (int Start, int End)[] watched)
    {
        byte[][] opcodes = [[0xe8], [0xe9], [0x0f, 0x84], [0x8d, 0x0d], [0xc7, 0xf8], [0x48, 0x8d, 0x05], [0x4c, 0x8d, 0x3d]];
        for (var i = 0; i < 20_000; i++)
        {
            var opcode = opcodes[random.Next(opcodes.Length)];
            var at = i switch { 0 => 0, 1 => Length - 4 - opcode.Length, < 3000 => (random.Next(1, 12) * (Length / 12)) - 40 + random.Next(80), _ => random.Next(Length - 8) };
            opcode.CopyTo(text, at);
            var target = opcode.Length == 3 ? Table(random, text, watched) : Near(random, watched);
            BinaryPrimitives.WriteInt32LittleEndian(text.AsSpan(at + opcode.Length), target - (at + opcode.Length + 4));
        }
    }

    private static int Table(Random random, byte[] text, (int Start, int End)[] watched)
    {
        var table = random.Next(Length - 100);
        for (var entry = 0; entry < random.Next(1, 8); entry++)
            BinaryPrimitives.WriteInt32LittleEndian(text.AsSpan(table + (4 * entry)), Near(random, watched) - table);
        return table;
    }

    private static int Near(Random random, (int Start, int End)[] watched) => watched[random.Next(watched.Length)].Start - 100 + random.Next(400);

    private static void Expect(byte[] text, LeaderMap leaders)
    {
        var tables = new SortedSet<int>();
        for (var field = 1; field + 4 <= Length; field++)
        {
            long target = field + 4L + BinaryPrimitives.ReadInt32LittleEndian(text.AsSpan(field));
            var second = text[field - 1];
            var first = field > 1 ? text[field - 2] : (byte)0;
            var isLea = first == 0x8d && (second & 0xc7) == 0x05;
            if ((second & 0xfe) == 0xe8 || (first == 0x0f && (second & 0xf0) == 0x80) || isLea || (first == 0xc7 && second == 0xf8))
                leaders.Add(target);
            if (isLea && field > 2 && (text[field - 3] & 0xf8) == 0x48 && IsText(target) && target + 4 <= Length && IsText(target + BinaryPrimitives.ReadInt32LittleEndian(text.AsSpan((int)target))))
                tables.Add((int)target);
        }
        foreach (var table in tables)
        {
            var end = tables.GetViewBetween(table + 1, Length).FirstOrDefault(Length);
            for (var at = table; at + 4 <= end && IsText(table + (long)BinaryPrimitives.ReadInt32LittleEndian(text.AsSpan(at))); at += 4)
                leaders.Add(table + BinaryPrimitives.ReadInt32LittleEndian(text.AsSpan(at)));
        }
    }

    private static bool IsText(long offset) => (ulong)offset < Length;
}
