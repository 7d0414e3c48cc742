// Pairs of terminals: making one, locks, names, window sizes, and what one end sees when the other goes.
#include "terminal.h"

static void poll_state(const char *what, int fd, short awaited)
{
    struct pollfd set = { fd, POLLIN | POLLOUT, 0 };
    for (int i = 0; i < 2000 && (set.revents & awaited) != awaited; i++) {
        poll(&set, 1, 0);
        if ((set.revents & awaited) != awaited)
            nap(1);
    }
    printf("%s:%s%s%s\n", what, set.revents & POLLIN ? " IN" : "", set.revents & POLLOUT ? " OUT" : "", set.revents & POLLHUP ? " HUP" : "");
}

int main(void)
{
    int number = -1, locked = -1, slave;
    char path[64], byte;
    struct stat st;
    int master = done("open /dev/ptmx", open("/dev/ptmx", O_RDWR | O_NOCTTY));
    value("TIOCGPTN", ioctl(master, TIOCGPTN, &number));
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    holds("its name", !strcmp(ptsname(master), path));
    value("TIOCGPTLCK", ioctl(master, 0x80045439, &locked));
    value("locked at first", locked);
    value("opening a locked one", open(path, O_RDWR | O_NOCTTY));
    value("TIOCSPTLCK", ioctl(master, TIOCSPTLCK, &(int) { 0 }));
    slave = done("opening an unlocked one", open(path, O_RDWR | O_NOCTTY));
    value("isatty of the master", isatty(master));
    value("isatty of the slave", isatty(slave));
    holds("ttyname", ttyname(slave) && !strcmp(ttyname(slave), path));
    must("fstat", fstat(slave, &st));
    printf("character device %d, major %d, minor is its number %d\n", S_ISCHR(st.st_mode), (int)(st.st_rdev >> 8 & 0xfff), (int)(st.st_rdev & 0xff) == number);
    value("TIOCGPTN of a slave", ioctl(slave, TIOCGPTN, &number));
    value("isatty of a file", isatty(open("/dev/null", O_RDWR)));
    value("an unknown ioctl", ioctl(slave, 0x54ff, 0));
    value("a bad pointer", ioctl(slave, TIOCGWINSZ, 8));

    struct termios mode;
    must("tcgetattr", tcgetattr(slave, &mode));
    printf("modes %o %o %o %o\n", mode.c_iflag, mode.c_oflag, mode.c_cflag, mode.c_lflag);
    for (int i = 0; i < 17; i++)
        printf("%d%c", mode.c_cc[i], i == 16 ? '\n' : ' ');
    printf("speeds %d\n", cfgetospeed(&mode) == B38400);

    struct winsize size = { 1, 2, 3, 4 };
    value("TIOCGWINSZ", ioctl(slave, TIOCGWINSZ, &size));
    printf("%d %d %d %d\n", size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel);
    size = (struct winsize) { 24, 80, 640, 480 };
    value("TIOCSWINSZ", ioctl(master, TIOCSWINSZ, &size));
    size = (struct winsize) { 0 };
    ioctl(slave, TIOCGWINSZ, &size);
    printf("%d %d %d %d\n", size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel);

    poll_state("slave, nothing typed", slave, POLLOUT);
    poll_state("master, nothing printed", master, POLLOUT);
    type(slave, "x");
    poll_state("master, a byte", master, POLLIN);
    take("it", master, 1);

    // The slave's end goes, and comes again.
    type(slave, "last words");
    close(slave);
    poll_state("master without a slave", master, POLLHUP | POLLIN);
    take("what was printed", master, 10);
    value("and then", read(master, &byte, 1));
    slave = done("opened again", open(path, O_RDWR | O_NOCTTY));
    poll_state("master", master, POLLOUT);
    type(slave, "more");
    take("printed", master, 4);

    // The master's end goes.
    int second = open(path, O_RDWR | O_NOCTTY);
    close(master);
    poll_state("slave without a master", slave, POLLHUP);
    value("read", read(slave, &byte, 1));
    value("write", write(slave, "x", 1));
    value("ioctl", ioctl(slave, TIOCGWINSZ, &size));
    value("the second descriptor", write(second, "x", 1));
    close(slave);
    close(second);
    value("its name is gone", open(path, O_RDWR | O_NOCTTY));

    // The lowest number is free again.
    int one = open_pair(NULL), two = open_pair(NULL), first_number, second_number;
    ioctl(one, TIOCGPTN, &first_number);
    ioctl(two, TIOCGPTN, &second_number);
    holds("two have two numbers", first_number != second_number);
    close(one);
    close(two);
    value("/dev/tty without a terminal", setsid() < 0 ? 0 : open("/dev/tty", O_RDWR));
    return broken;
}
