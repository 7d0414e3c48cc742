// Terminals without lines: VMIN and VTIME in their four combinations, and what is not interpreted then.
#include "terminal.h"
#include <sys/syscall.h>

static void timing(int fd, int minimum, int tenths)
{
    struct termios mode;
    must("tcgetattr", tcgetattr(fd, &mode));
    mode.c_cc[VMIN] = minimum;
    mode.c_cc[VTIME] = tenths;
    must("tcsetattr", tcsetattr(fd, TCSANOW, &mode));
    printf("VMIN %d VTIME %d\n", minimum, tenths);
}

static void settle(int fd, int count)
{
    int bytes = 0;
    for (int i = 0; i < 2000 && bytes < count; i++) {
        must("FIONREAD", ioctl(fd, FIONREAD, &bytes));
        if (bytes < count)
            nap(1);
    }
    printf("%d bytes wait\n", bytes);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        until_state(getppid(), 'S');
        nap(5);
        for (char *letter = argv[1]; *letter; letter++)
            write(10, letter, 1);
        return 0;
    }
    int slave, master = open_pair(&slave);
    must("dup2", dup2(master, 10));
    struct termios mode, old;
    must("tcgetattr", tcgetattr(slave, &old));
    mode = old;
    cfmakeraw(&mode);
    must("tcsetattr", tcsetattr(slave, TCSADRAIN, &mode));
    must("tcgetattr", tcgetattr(slave, &mode));
    printf("raw: %o %o %o %o min %d time %d\n", mode.c_iflag, mode.c_oflag, mode.c_cflag, mode.c_lflag, mode.c_cc[VMIN], mode.c_cc[VTIME]);

    type(master, "\x03\x1a\r\n\x7f\x04\x16");
    settle(slave, 7);
    read_once("not interpreted", slave);
    type(slave, "out\n");
    take("printed", master, 4);

    timing(slave, 0, 0);
    read_once("nothing there", slave);
    type(master, "ab");
    settle(slave, 2);
    read_once("what is there", slave);

    timing(slave, 3, 0);
    pid_t child = START("xyz");
    read_once("three", slave);
    outcome("typist", child);
    type(master, "12");
    settle(slave, 2);
    struct pollfd set = { slave, POLLIN, 0 };
    value("two of three are nothing to poll", poll(&set, 1, 0));
    fcntl(slave, F_SETFL, O_NONBLOCK);
    read_once("yet a read that can't wait takes them", slave);
    read_once("nothing there, not waiting", slave);
    fcntl(slave, F_SETFL, 0);

    timing(slave, 0, 1);
    long long before = now(CLOCK_MONOTONIC);
    read_once("nothing came", slave);
    long long took = now(CLOCK_MONOTONIC) - before;
    holds("within its time", took >= 90000000 && took < 5000000000);
    timing(slave, 0, 100);
    child = START("q");
    read_once("one came", slave);
    outcome("typist", child);

    timing(slave, 100, 1);
    child = START("slow");
    char bytes[10];
    int sum = 0;
    while (sum < 4)
        sum += must("read", read(slave, bytes + sum, sizeof bytes - sum));
    printf("a pause ends it: %.4s\n", bytes);
    outcome("typist", child);

    // Set back at once, after printing, and with the input thrown away.
    type(master, "lost");
    settle(slave, 4);
    value("TCSAFLUSH", tcsetattr(slave, TCSAFLUSH, &old));
    value("an unknown way", tcsetattr(slave, 9, &old));
    type(master, "kept\r");
    read_once("canonical again", slave);

    // From raw to lines what was typed is one line.
    value("TCGETS with a bad pointer", syscall(SYS_ioctl, slave, TCGETS, 8));
    value("TCSETS with a bad pointer", syscall(SYS_ioctl, slave, TCSETS, 8));
    value("tcgetattr of no terminal", tcgetattr(open("/dev/null", O_RDONLY), &mode));

    // A signal ends the waiting.
    child = vfork();
    if (child == 0) {
        dup2(slave, 0);
        execl("/bin/cat", "cat", (char *)0);
        _exit(126);
    }
    until_state(child, 'S');
    kill(child, SIGTERM);
    outcome("reader", child);
    return broken;
}
