using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Tests.Processes;

public class ProcessTreeTests
{
    private sealed class Recorder : IProcessEvents
    {
        internal List<string> Told { get; } = [];

        internal bool Ignore { get; set; }

        public void ChildChanged(GuestProcess parent, GuestProcess child, WaitStatus status) => Told.Add($"{parent.Id}<{child.Id}:{status.ChildCode}/{status.ChildStatus}");

        public void GroupOrphaned(ProcessGroup group) => Told.Add($"orphaned {group.Id}");

        public bool IgnoresChildren(GuestProcess parent) => Ignore;
    }

    private readonly Recorder _events = new();
    private readonly TaskTable _tasks;
    private readonly GuestProcess _init;

    public ProcessTreeTests()
    {
        _tasks = new TaskTable(_events);
        _init = _tasks.Add(null).Value;
    }

    private GuestProcess Child(GuestProcess parent) => _tasks.Add(parent).Value;

    private static Result<WaitFinding> Wait(GuestProcess parent, WaitOptions options = WaitOptions.WEXITED, int pid = 0, int group = 0) =>
        parent.LookForChild(new WaitTarget(pid, group), options);

    [Test]
    public void AZombieIsWaitedForOnce()
    {
        var child = Child(_init);
        Assert.That(Wait(_init).Value.Pid, Is.Zero);
        child.Exit(WaitStatus.Exited(3));
        Assert.That(_events.Told, Is.EqualTo(new[] { "1<2:1/3" }));
        Assert.That(Wait(_init, WaitOptions.WEXITED | WaitOptions.WNOWAIT).Value, Is.EqualTo(new WaitFinding(2, new WaitStatus(0x300))));
        Assert.That(Wait(_init).Value.Status.ExitCode, Is.EqualTo(3));
        Assert.That(Wait(_init).Error, Is.EqualTo(Errno.ECHILD));
        Assert.That((_tasks.Count, _tasks.Pids.InUse), Is.EqualTo((1, 1)));
    }

    [Test]
    public void StopAndContinueAreNewsForThoseWhoAsk()
    {
        var child = Child(_init);
        child.Stop(20);
        Assert.That(Wait(_init).Value.Pid, Is.Zero);
        Assert.That(Wait(_init, WaitOptions.WSTOPPED).Value.Status.Value, Is.EqualTo(0x147f));
        Assert.That(Wait(_init, WaitOptions.WSTOPPED).Value.Pid, Is.Zero);
        child.Continue();
        Assert.That(Wait(_init, WaitOptions.WCONTINUED).Value.Status, Is.EqualTo(WaitStatus.Continued));
        Assert.That(_events.Told, Is.EqualTo(new[] { "1<2:5/20", "1<2:6/18" }));
    }

    [Test]
    public void OrphansGoToInitOrTheNearestSubreaper([Values] bool subreaper)
    {
        var top = Child(_init);
        top.IsSubreaper = subreaper;
        var middle = Child(top);
        var living = Child(middle);
        var dead = Child(middle);
        dead.Exit(WaitStatus.Signaled(11, core: true));
        middle.Exit(WaitStatus.Exited(0));
        var reaper = subreaper ? top : _init;
        Assert.That(living.Parent, Is.SameAs(reaper));
        Assert.That(Wait(reaper, pid: dead.Id).Value.Status.Value, Is.EqualTo(0x8b));
        Assert.That(_events.Told, Does.Contain($"{reaper.Id}<{dead.Id}:3/11"));
    }

    [Test]
    public void WhoIgnoresItsChildrenLeavesNoZombies()
    {
        _events.Ignore = true;
        Child(_init).Exit(WaitStatus.Exited(0));
        Assert.That(Wait(_init).Error, Is.EqualTo(Errno.ECHILD));
    }

    [Test]
    public void WaitMayMeanOneChildOrOneGroup()
    {
        var first = Child(_init);
        var second = Child(_init);
        Assert.That(_tasks.SetProcessGroup(_init, second.Id, 0 + second.Id), Is.EqualTo(Errno.None));
        second.Exit(WaitStatus.Exited(2));
        Assert.That(Wait(_init, pid: first.Id).Value.Pid, Is.Zero);
        Assert.That(Wait(_init, group: first.Group.Id).Value.Pid, Is.Zero);
        Assert.That(Wait(_init, group: second.Id, options: WaitOptions.WEXITED | WaitOptions.WNOWAIT).Value.Pid, Is.EqualTo(second.Id));
        Assert.That(Wait(_init, pid: 99).Error, Is.EqualTo(Errno.ECHILD));
    }

    [Test]
    public void SetpgidsRules()
    {
        var leader = Child(_init);
        var follower = Child(_init);
        var grandchild = Child(leader);
        Assert.Multiple(() =>
        {
            Assert.That(_tasks.SetProcessGroup(_init, leader.Id, -1), Is.EqualTo(Errno.EINVAL));
            Assert.That(_tasks.SetProcessGroup(_init, grandchild.Id, grandchild.Id), Is.EqualTo(Errno.ESRCH), "no child of the caller");
            Assert.That(_tasks.SetProcessGroup(_init, 1, 1), Is.EqualTo(Errno.EPERM), "a session leader");
            Assert.That(_tasks.SetProcessGroup(_init, follower.Id, 77), Is.EqualTo(Errno.EPERM), "no such group");
            Assert.That(_tasks.SetProcessGroup(_init, leader.Id, leader.Id), Is.EqualTo(Errno.None));
            Assert.That(_tasks.SetProcessGroup(_init, follower.Id, leader.Id), Is.EqualTo(Errno.None));
            Assert.That(_tasks.CreateSession(leader).Error, Is.EqualTo(Errno.EPERM), "a group leader");
            Assert.That(_tasks.CreateSession(grandchild).Value, Is.EqualTo(grandchild.Id));
            Assert.That(_tasks.SetProcessGroup(leader, grandchild.Id, leader.Id), Is.EqualTo(Errno.EPERM), "another session");
        });
        follower.HasExecuted = true;
        Assert.That(_tasks.SetProcessGroup(_init, follower.Id, follower.Id), Is.EqualTo(Errno.EACCES));
    }

    [Test]
    public void AGroupsNumberStaysTakenAfterItsLeader()
    {
        _tasks.Pids.Maximum = 5;
        var leader = Child(_init);
        var member = Child(_init);
        _tasks.SetProcessGroup(_init, leader.Id, leader.Id);
        _tasks.SetProcessGroup(_init, member.Id, leader.Id);
        leader.Exit(WaitStatus.Exited(0));
        Wait(_init);
        Assert.That(_tasks.Pids.InUse, Is.EqualTo(3));
        Assert.That(Child(_init).Id, Is.EqualTo(4));
        Assert.That(_tasks.Add(_init).Error, Is.EqualTo(Errno.EAGAIN));
        member.Exit(WaitStatus.Exited(0));
        Wait(_init);
        Assert.That(_tasks.Pids.InUse, Is.EqualTo(2));
    }

    [Test]
    public void AStoppedGroupIsToldWhenItsLastHolderGoes()
    {
        var shell = Child(_init);
        _tasks.CreateSession(shell);
        var job = Child(shell);
        _tasks.SetProcessGroup(shell, job.Id, job.Id);
        job.Stop(20);
        shell.Exit(WaitStatus.Exited(0));
        Assert.That(_events.Told, Does.Contain($"orphaned {job.Id}"));
    }
}
