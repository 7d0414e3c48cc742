using System.Runtime.CompilerServices;
using Iced.Intel;

namespace Nommu.Core.Rewriter;

/// <summary>Tells which candidates are instructions, and collects what stands around each and the short branches that lead there.</summary>
internal sealed class SiteFinder
{
    /// <summary>A 5-byte window ends at most this far from its site: 4 bytes and one instruction of 15.</summary>
    private const int WindowReach = 24;

    private const int SurroundingsShift = 10;

    private readonly ExecutableText _text;
    private readonly SiteScan _scan;
    private readonly LeaderMap _leaders;
    private readonly LocalDecoder _decoder;
    private readonly LineMap _surroundings;
    private readonly List<(int From, int To)> _decoded = [];

    internal SiteFinder(ExecutableText text, SiteScan scan, LeaderMap leaders)
    {
        (_text, _scan, _leaders, _decoder) = (text, scan, leaders, new LocalDecoder(text.Bytes));
        _surroundings = new LineMap(text.Bytes.Length, SurroundingsShift);
        foreach (var candidate in scan.Candidates)
            _surroundings.Add(candidate - LocalDecoder.MaximumAnchorDistance, candidate);
    }

    /// <summary>Sites that are instructions beyond doubt, ascending.</summary>
    internal List<CandidateSite> Sites { get; } = [];

    /// <summary>Candidates about which nothing can be said, ascending.</summary>
    internal List<int> Undecided { get; } = [];

    internal void Run()
    {
        var (near, far) = FindAnchors();
        for (var i = 0; i < near.Length; i++)
            Decide(_scan.Candidates[i], far[i], near[i]);
        AddUndecodedBranches();
        _scan.BytesDecoded += _decoder.BytesDecoded;
    }

    // For each candidate the nearest known start of an instruction, and the nearest one that is further away than a short branch reaches; -1 where there is none that is near enough to be of use.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (int[] Near, int[] Far) FindAnchors()
    {
        var (near, far) = (new int[_scan.Candidates.Count], new int[_scan.Candidates.Count]);
        Array.Fill(near, -1);
        Array.Fill(far, -1);
        if (near.Length == 0)
            return (near, far);
        if (_text.BeginsWithCode && _surroundings.Contains(0))
            Offer(near, far, 0);
        foreach (var function in _text.Functions)
        {
            var offset = (long)(function.Address - _text.Address);
            if (_surroundings.Contains(offset))
                Offer(near, far, (int)offset);
        }
        foreach (var symbol in _text.Symbols)
        {
            var offset = (long)(symbol.Address - _text.Address);
            if (symbol.IsFunction && _surroundings.Contains(offset))
                Offer(near, far, (int)offset);
        }
        for (var i = 1; i < near.Length; i++)
            (near[i], far[i]) = (Math.Max(near[i], near[i - 1]), Math.Max(far[i], far[i - 1]));
        return (near, far);
    }

    private void Offer(int[] near, int[] far, int offset)
    {
        OfferTo(near, offset, offset);
        OfferTo(far, (int)Math.Min(int.MaxValue, (long)offset + LocalDecoder.Reach), offset);
    }

    private void OfferTo(int[] anchors, int from, int offset)
    {
        var at = _scan.Candidates.BinarySearch(from);
        if (at < 0)
            at = ~at;
        if (at < anchors.Length)
            anchors[at] = Math.Max(anchors[at], offset);
    }

    private void Decide(int candidate, int far, int near)
    {
        if (TryFind(candidate, far, near, out var index) || (IsKnown(candidate) && TryFind(candidate, candidate, candidate, out index)))
            Add(index, near);
        else if (index < 0)
            Undecided.Add(candidate);
        else
            _scan.NotInstructions++;
    }

    // index: of the instruction that holds the candidate's first byte, whatever it is; negative where the decoder can't tell.
    private bool TryFind(int candidate, int far, int near, out int index)
    {
        index = _decoder.TryDecodeAround(candidate, far, near) ? _decoder.IndexOf(candidate) : -1;
        return index >= 0 && _decoder.Instructions[index] is { Code: Code.Syscall } found && (int)found.NextIP == candidate + 2;
    }

    private bool IsKnown(int candidate) => _text.KnownSites.Contains(candidate);

    private void Add(int index, int near)
    {
        var instructions = _decoder.Instructions;
        var syscall = instructions[index];
        var offset = (int)syscall.IP;
        _leaders.Watch(offset - WindowReach, (int)syscall.NextIP + WindowReach);
        AddShortBranches();
        // A site that trapped was arrived at in some way the tables do not show.
        if (IsKnown((int)syscall.NextIP - 2))
            _leaders.Add(offset);
        Sites.Add(new CandidateSite
        {
            Offset = offset,
            Length = syscall.Length,
            Before = Before(index),
            After = After(index, out var reached),
            Reached = reached,
            UsesRedZone = UsesRedZone(index, near),
        });
    }

    private bool UsesRedZone(int index, int near)
    {
        for (var i = index - 1; i >= 0 && (int)_decoder.Instructions[i].IP >= near; i--)
        {
            if (_decoder.Instructions[i] is { MemoryBase: Register.RSP } instruction && (long)instruction.MemoryDisplacement64 < 0)
                return true;
        }
        return false;
    }

    private Instruction[] Before(int index)
    {
        var before = new List<Instruction>();
        for (var length = 0; length < DetourWindow.JumpLength && --index >= 0; length += before[^1].Length)
        {
            var instruction = _decoder.Instructions[index];
            if (!Displacement.IsMovable(instruction) || Displacement.EndsFlow(instruction))
                break;
            before.Add(instruction);
        }
        return [.. before];
    }

    private Instruction[] After(int index, out int reached)
    {
        var after = new List<Instruction>();
        reached = 0;
        var flows = true;
        for (var length = _decoder.Instructions[index].Length; length < DetourWindow.JumpLength && ++index < _decoder.Instructions.Count; length += after[^1].Length)
        {
            var instruction = _decoder.Instructions[index];
            if (flows ? !Displacement.IsMovable(instruction) : !Displacement.IsPadding(instruction))
                break;
            after.Add(instruction);
            reached += flows ? 1 : 0;
            flows &= !Displacement.EndsFlow(instruction);
        }
        return [.. after];
    }

    private void AddShortBranches()
    {
        foreach (var instruction in _decoder.Instructions)
        {
            if (instruction.Op0Kind == OpKind.NearBranch64)
                _leaders.Add((long)instruction.NearBranchTarget);
        }
        _decoded.Add((_decoder.TrustedFrom, (int)_decoder.Instructions[^1].NextIP));
    }

    // Near a site, but where no site's surroundings say how to decode, every byte that could be a short branch is one.
    private void AddUndecodedBranches()
    {
        _decoded.Sort();
        var next = 0;
        var done = 0;
        foreach (var site in Sites)
        {
            var end = Math.Min(_text.Bytes.Length - 1, site.End + LocalDecoder.Reach);
            for (var at = Math.Max(done, site.Offset - LocalDecoder.Reach); at < end; at++)
            {
                while (next < _decoded.Count && _decoded[next].To <= at)
                    next++;
                if (next < _decoded.Count && _decoded[next].From <= at)
                    at = Math.Min(end, _decoded[next].To) - 1;
                else
                    AddIfShortBranch(at);
            }
            done = Math.Max(done, end);
        }
    }

    private void AddIfShortBranch(int at)
    {
        var text = _text.Bytes.Span;
        if (text[at] is >= 0x70 and < 0x80 or >= 0xe0 and < 0xe4 or 0xeb)
            _leaders.Add(at + 2 + (sbyte)text[at + 1]);
    }
}
