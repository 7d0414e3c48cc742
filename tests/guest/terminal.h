// Pairs of terminals for guest programs. What is written into one end arrives at the other a moment later, so whoever reads waits for as many bytes as are to come.
#ifndef TERMINAL_H
#define TERMINAL_H
#include "guest.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

SHARED int open_pair(int *slave)
{
    int master = must("posix_openpt", posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    must("unlockpt", unlockpt(master));
    if (slave)
        *slave = must("slave", open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC));
    return master;
}

SHARED void print_bytes(const char *bytes, int count)
{
    putchar('"');
    for (int i = 0; i < count; i++) {
        unsigned char byte = bytes[i];
        if (byte == '\n')
            printf("\\n");
        else if (byte == '\r')
            printf("\\r");
        else if (byte < ' ' || byte > '~')
            printf("\\x%02x", byte);
        else
            putchar(byte);
    }
    puts("\"");
}

// Reads until as many bytes have come as are told, at most a second after the last.
SHARED void take(const char *what, int fd, int expected)
{
    char bytes[8192];
    int sum = 0, got = 0;
    struct pollfd set = { fd, POLLIN, 0 };
    while (sum < expected && poll(&set, 1, 1000) == 1 && (got = read(fd, bytes + sum, sizeof bytes - sum)) > 0)
        sum += got;
    printf("%s: ", what);
    if (got < 0)
        printf("%s, after ", strerror(errno));
    print_bytes(bytes, sum);
}

// One read, which waits.
SHARED void read_once(const char *what, int fd)
{
    char bytes[8192];
    int got = read(fd, bytes, sizeof bytes);
    printf("%s: ", what);
    if (got < 0)
        puts(strerror(errno));
    else
        print_bytes(bytes, got);
}

SHARED void type(int fd, const char *text)
{
    must("write to a terminal", write(fd, text, strlen(text)));
}

SHARED void change(int fd, tcflag_t clear_input, tcflag_t clear_output, tcflag_t clear_local, tcflag_t set_local)
{
    struct termios mode;
    must("tcgetattr", tcgetattr(fd, &mode));
    mode.c_iflag &= ~clear_input;
    mode.c_oflag &= ~clear_output;
    mode.c_lflag &= ~clear_local;
    mode.c_lflag |= set_local;
    must("tcsetattr", tcsetattr(fd, TCSANOW, &mode));
}
#endif
