using Nommu.Core.Boot;

namespace Nommu.Core.Tests.Boot;

/// <summary>A command line means what it means to Linux.</summary>
public class KernelCommandLineTests
{
    [Test]
    public void SaysNothingWhenEmpty()
    {
        var line = KernelCommandLine.Parse("");
        Assert.Multiple(() =>
        {
            Assert.That(line.Text, Is.Empty);
            Assert.That(line.Init, Is.Null);
            Assert.That(line.Memory, Is.Null);
            Assert.That(line.Root, Is.Null);
            Assert.That(line.LogLevel, Is.Null);
            Assert.That(line.Console, Is.Null);
            Assert.That(line.IsReadOnly, Is.False);
            Assert.That(line.InitArguments, Is.Empty);
            Assert.That(line.InitEnvironment, Is.EqualTo(new[] { "HOME=/", "TERM=linux" }));
        });
    }

    [TestCase("mem=4096", 4096UL)]
    [TestCase("mem=64k", 64UL << 10)]
    [TestCase("mem=256m", 256UL << 20)]
    [TestCase("mem=256M", 256UL << 20)]
    [TestCase("mem=2G", 2UL << 30)]
    [TestCase("mem=0x10m", 16UL << 20)]
    [TestCase("mem=010m", 8UL << 20)]
    [TestCase("mem=1m mem=2m", 2UL << 20)]
    public void ReadsMemory(string text, ulong bytes)
    {
        var line = KernelCommandLine.Parse(text);
        Assert.That(line.Memory, Is.EqualTo(bytes));
        Assert.That(line.Complaints, Is.Empty);
    }

    [TestCase("mem=")]
    [TestCase("mem=many")]
    [TestCase("mem=0")]
    [TestCase("mem=09m")]
    [TestCase("mem=99999999999999999999g")]
    [TestCase("mem=18446744073709551615k")]
    [TestCase("loglevel=loud")]
    [TestCase("loglevel=16")]
    public void ComplainsOfWhatItCannotRead(string word)
    {
        var line = KernelCommandLine.Parse($"ro {word} last");
        Assert.That(line.Complaints, Is.EqualTo(new[] { word }));
        Assert.That(line.Memory, Is.Null);
        Assert.That(line.LogLevel, Is.Null);
        Assert.That(line.InitArguments, Is.EqualTo(new[] { "last" }));
    }

    [TestCase("loglevel=7", 7)]
    [TestCase("quiet", 4)]
    [TestCase("debug", 10)]
    [TestCase("quiet loglevel=6", 6)]
    [TestCase("loglevel=6 quiet", 4)]
    public void ReadsTheLogLevel(string text, int level) => Assert.That(KernelCommandLine.Parse(text).LogLevel, Is.EqualTo(level));

    [TestCase("ro", true)]
    [TestCase("rw", false)]
    [TestCase("ro rw", false)]
    [TestCase("rw ro", true)]
    public void TheLastOfReadOnlyAndReadWriteCounts(string text, bool readOnly) => Assert.That(KernelCommandLine.Parse(text).IsReadOnly, Is.EqualTo(readOnly));

    [Test]
    public void ReadsRootAndConsole()
    {
        var line = KernelCommandLine.Parse("root=/srv/root.cpio.gz console=tty0 console=ttyS0,115200n8");
        Assert.That((line.Root, line.Console), Is.EqualTo(("/srv/root.cpio.gz", "ttyS0")));
    }

    [Test]
    public void UnknownWordsGoToInit()
    {
        var line = KernelCommandLine.Parse("single mode=a rw PATH=/bin nomodule.option=1 5");
        Assert.That(line.InitArguments, Is.EqualTo(new[] { "single", "5" }));
        Assert.That(line.InitEnvironment, Is.EqualTo(new[] { "HOME=/", "TERM=linux", "mode=a", "PATH=/bin" }));
    }

    [Test]
    public void AVariableIsReplacedWhereItStands()
    {
        var line = KernelCommandLine.Parse("TERM=vt100 a=1 HOME=/root a=2");
        Assert.That(line.InitEnvironment, Is.EqualTo(new[] { "HOME=/root", "TERM=vt100", "a=2" }));
    }

    [Test]
    public void WhatFollowsTwoDashesIsAllInits()
    {
        var line = KernelCommandLine.Parse("mem=1m -- -c loglevel=3 init=/x -- rw");
        Assert.That(line.InitArguments, Is.EqualTo(new[] { "-c", "loglevel=3", "init=/x", "--", "rw" }));
        Assert.That((line.Init, line.LogLevel, line.Memory), Is.EqualTo(((string?)null, (int?)null, (ulong?)(1 << 20))));
    }

    [Test]
    public void ANewInitForgetsTheArgumentsOfTheOld()
    {
        var line = KernelCommandLine.Parse("one a=1 init=/bin/sh two");
        Assert.That(line.Init, Is.EqualTo("/bin/sh"));
        Assert.That(line.InitArguments, Is.EqualTo(new[] { "two" }));
        Assert.That(line.InitEnvironment, Does.Contain("a=1"));
    }

    [Test]
    public void QuotesHoldAWordTogether()
    {
        var line = KernelCommandLine.Parse("""  init=/bin/sh "two words" greeting="good  day" "all=of it"  -- -c "echo hi" """);
        Assert.That(line.InitArguments, Is.EqualTo(new[] { "two words", "-c", "echo hi" }));
        Assert.That(line.InitEnvironment, Does.Contain("greeting=good  day").And.Contain("all=of it"));
        Assert.That(line.Text, Does.StartWith("init=/bin/sh \"two words\""), "as it was said");
    }

    [TestCase("log-level=3")]
    [TestCase("LOGLEVEL=3")]
    [TestCase("loglevel")]
    [TestCase("ro=1")]
    public void WordsThatOnlyLookLikeOursAreInits(string word)
    {
        var line = KernelCommandLine.Parse(word);
        Assert.That((line.LogLevel, line.IsReadOnly), Is.EqualTo(((int?)null, false)));
        Assert.That(line.InitArguments.Concat(line.InitEnvironment), Does.Contain(word));
    }
}
