using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Overlayfs;
using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Fs.Overlayfs;

/// <summary>Random changes of an overlay and of a plain tmpfs that began alike: the same results, and the same files at the end; and again when the overlay is mounted anew, since the upper layer says it all.</summary>
public class OverlayModelTests
{
    private const int Steps = 400;
    private static readonly string[] Names = ["a", "b", "c", "d"];

    [Test]
    public void AnOverlayIsAsATmpfs()
    {
        var seed = Random.Shared.Next();
        for (var round = 0; round < 40 * TestLength.Times; round++)
        {
            TestContext.Out.WriteLine($"seed {seed + round}");
            new Run(seed + round).All();
        }
    }

    private sealed class Run(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly List<string> _did = [];

        internal void All()
        {
            using var files = new TestFiles(64 << 20, types: new OverlayType());
            foreach (var name in new[] { "/bottom", "/middle", "/upper", "/work", "/seen", "/plain" })
                Assert.That(files.MakeDirectory(name), Is.EqualTo(Errno.None));
            Fill(files, ["/bottom", "/plain"], "", 3);
            var options = "lowerdir=/bottom,upperdir=/upper,workdir=/work";
            Mount(files, options);
            for (var step = 0; step < Steps; step++)
            {
                Step(files);
                if (step % 100 != 99)
                    continue;
                Compare(files);
                Assert.That(MountOperations.Unmount(files.Caller, files.Resolve("/seen").Value, UmountFlags.None), Is.EqualTo(Errno.None));
                Mount(files, options);
                _did.Add("mounted anew");
                Compare(files);
            }
        }

        private static void Mount(TestFiles files, string options) =>
            Assert.That(MountOperations.Perform(files.Caller, files.Resolve("/seen").Value, "overlay"u8, "overlay", MountFlags.None, TestFiles.Bytes(options)), Is.EqualTo(Errno.None));

        private void Fill(TestFiles files, string[] roots, string path, int depth)
        {
            foreach (var name in Names)
            {
                var kind = _random.Next(4);
                var text = new string((char)('a' + _random.Next(26)), _random.Next(9000));
                foreach (var place in roots.Select(root => $"{root}{path}/{name}"))
                {
                    if (kind == 0)
                        files.Write(place, text);
                    else if (kind == 1 && depth > 0)
                        files.MakeDirectory(place);
                    else if (kind == 2)
                        files.Symlink("a", place);
                }
                if (kind == 1 && depth > 0)
                    Fill(files, roots, $"{path}/{name}", depth - 1);
            }
        }

        private string Path()
        {
            var path = "";
            do
                path += "/" + Names[_random.Next(Names.Length)];
            while (_random.Next(3) != 0);
            return path;
        }

        private void Step(TestFiles files)
        {
            var (path, other, number, kind) = (Path(), Path(), _random.Next(12000), _random.Next(17));
            var text = new string((char)('a' + _random.Next(26)), number);
            Errno Do(string root)
            {
                var (at, to) = (root + path, root + other);
                return kind switch
                {
                    0 => files.Write(at, text),
                    1 => files.Write(at, text, OpenFlags.O_WRONLY | OpenFlags.O_APPEND),
                    2 => files.Write(at, text, OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_EXCL),
                    3 => files.Truncate(at, number),
                    4 or 5 => files.Unlink(at),
                    6 or 7 => files.MakeDirectory(at),
                    8 or 9 => files.RemoveDirectory(at),
                    10 or 11 => files.Rename(at, to),
                    12 => files.Rename(at, to, number % 2 == 0 ? RenameFlags.RENAME_EXCHANGE : RenameFlags.RENAME_NOREPLACE),
                    13 => files.Link(at, to),
                    14 => files.Symlink(other, at),
                    15 => files.ChangeMode(at, number & 0x1ff),
                    _ => SetNote(files, at, text),
                };
            }
            var seen = Do("/seen");
            _did.Add($"{kind} {path} {other} {number}: {seen}");
            // What can't be told from the names alone: a directory that is below as well does not move.
            if (seen == Errno.EXDEV)
                return;
            Assert.That(Do("/plain"), Is.EqualTo(seen), Story);
        }

        private static Errno SetNote(TestFiles files, string path, string text)
        {
            var found = files.Resolve(path, follow: false);
            return found.TryGet(out var place) ? XattrOperations.Set(files.Caller, place, "user.note", TestFiles.Bytes(text), XattrFlags.None) : found.Error;
        }

        private void Compare(TestFiles files)
        {
            var numbers = new Dictionary<ulong, string>();
            Compare(files, "", numbers);
        }

        private void Compare(TestFiles files, string path, Dictionary<ulong, string> numbers)
        {
            var names = files.List("/plain" + path);
            Assert.That(files.List("/seen" + path), Is.EquivalentTo(names), () => $"{path}: {Story()}");
            CompareNumbers(files, path);
            foreach (var name in names)
            {
                var at = $"{path}/{name}";
                var (seen, plain) = (files.Resolve("/seen" + at, follow: false), files.Resolve("/plain" + at, follow: false));
                Assert.That(seen.IsOk, () => $"{at}: {seen.Error} {Story()}");
                Assert.That(Describe(files, "/seen" + at, seen.Value), Is.EqualTo(Describe(files, "/plain" + at, plain.Value)), () => $"{at} {Story()}");
                if (seen.Value.Inode.NumberOfLinks == 1)
                    Assert.That(numbers.TryAdd(seen.Value.Inode.Ino, at), () => $"{at} has the number of {numbers[seen.Value.Inode.Ino]} {Story()}");
                if (plain.Value.Inode is DirectoryInode)
                    Compare(files, at, numbers);
            }
        }

        private void CompareNumbers(TestFiles files, string path)
        {
            var directory = (DirectoryInode)files.Resolve("/seen" + path).Value.Inode;
            long cookie = 0;
            while (true)
            {
                DirectoryEntry entry;
                lock (directory.NamesLock)
                {
                    if (!directory.NextEntry(cookie).TryGet(out entry))
                        return;
                }
                cookie = entry.Cookie;
                var inode = files.Resolve($"/seen{path}/{entry.Name}", follow: false).Value.Inode;
                Assert.That((entry.Ino, entry.Type), Is.EqualTo((inode.Ino, inode.Type)), () => $"{path}/{entry.Name} {Story()}");
            }
        }

        private static string Describe(TestFiles files, string path, FsPath place)
        {
            var inode = place.Inode;
            inode.Refresh();
            var note = inode.GetXattr("user.note");
            var links = inode is DirectoryInode ? 0 : inode.NumberOfLinks;
            return $"{(uint)inode.Mode:x} {links} {inode.Uid} {(inode is DirectoryInode ? 0 : inode.Size)} {(note.IsOk ? note.Value.Length : -1)} " + inode switch
            {
                RegularInode => files.Read(path),
                SymlinkInode link => System.Text.Encoding.UTF8.GetString(link.ReadLink().Value),
                _ => "",
            };
        }

        private string Story() => $"seed {seed}\n{string.Join('\n', _did)}";
    }
}
