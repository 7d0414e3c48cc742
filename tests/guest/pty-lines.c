// The line discipline, canonical: editing, echo, ends of lines, characters with a meaning.
#include "terminal.h"

int main(void)
{
    int slave, master = open_pair(&slave), bytes;
    char small[4];

    type(master, "hello\r");
    take("echo", master, 7);
    read_once("line", slave);
    type(master, "one\rtwo\r");
    take("echo", master, 10);
    read_once("the first of two lines", slave);
    read_once("the second", slave);
    type(master, "long line\r");
    take("echo", master, 11);
    must("FIONREAD", ioctl(slave, FIONREAD, &bytes));
    value("FIONREAD", bytes);
    value("a part", read(slave, small, 4));
    print_bytes(small, 4);
    read_once("the rest", slave);

    fcntl(slave, F_SETFL, O_NONBLOCK);
    type(master, "unfinished");
    take("echo", master, 10);
    read_once("not a line yet", slave);
    must("FIONREAD", ioctl(slave, FIONREAD, &bytes));
    value("FIONREAD", bytes);
    fcntl(slave, F_SETFL, 0);
    type(master, "\x04");
    read_once("end of file in a line ends it", slave);
    type(master, "\x04");
    read_once("end of file", slave);
    type(master, "and on\r");
    take("echo", master, 8);
    read_once("goes on", slave);

    type(master, "abc\x7f\x7fxy\r");
    take("echo of erasing", master, 13);
    read_once("erased", slave);
    type(master, "\x7fz\r");
    take("echo of erasing nothing", master, 3);
    read_once("erased nothing", slave);
    type(master, "one two three\x17" "four\r");
    take("echo of erasing a word", master, 34);
    read_once("word erased", slave);
    type(master, "forget\x15kept\r");
    take("echo of erasing a line", master, 30);
    read_once("line erased", slave);
    type(master, "a\x16\x03" "b\x16\x7f" "c\r");
    take("echo of quoting", master, 13);
    read_once("quoted", slave);
    type(master, "tab\there\x7f\x7f\x7f\x7f\x7f.\r");
    take("echo of a tab", master, 28);
    read_once("tab", slave);
    type(master, "\x01\x1b[A\r");
    take("echo of control characters", master, 8);
    read_once("control characters", slave);
    type(master, "line feed\n");
    take("echo", master, 11);
    read_once("line feed", slave);
    type(master, "again\x12!\r");
    take("echo of reprinting", master, 17);
    read_once("reprinted", slave);

    // What is printed.
    type(slave, "one\ntwo\n");
    take("printed", master, 10);
    change(slave, 0, ONLCR, 0, 0);
    type(slave, "one\n");
    take("without ONLCR", master, 4);
    change(slave, ICRNL, 0, 0, 0);
    type(master, "a\rb\n");
    take("echo without ICRNL", master, 5);
    read_once("without ICRNL", slave);
    change(slave, 0, 0, ECHO, 0);
    type(master, "silent\n");
    read_once("without ECHO", slave);
    change(slave, 0, 0, 0, ECHONL);
    type(master, "nearly silent\n");
    take("echo", master, 1);
    read_once("with ECHONL", slave);
    change(slave, 0, 0, ECHONL, 0);
    struct termios mode;
    must("tcgetattr", tcgetattr(slave, &mode));
    mode.c_iflag |= IUCLC | INLCR;
    mode.c_cc[VEOL] = ';';
    mode.c_lflag |= IEXTEN;
    must("tcsetattr", tcsetattr(slave, TCSANOW, &mode));
    type(master, "UPPER;");
    read_once("another end of a line, in small letters", slave);

    // A line as long as it can be, and longer.
    mode.c_iflag &= ~(IUCLC | INLCR | IMAXBEL);
    mode.c_cc[VEOL] = 0;
    must("tcsetattr", tcsetattr(slave, TCSANOW, &mode));
    static char large[5000];
    memset(large, 'L', sizeof large);
    for (size_t sum = 0; sum < sizeof large;)
        sum += must("write", write(master, large + sum, sizeof large - sum));
    type(master, "\n");
    value("a line of 5000", read(slave, large, sizeof large));
    holds("it ends as a line", large[4095] == '\n');

    type(master, "typed ahead\n");
    while (ioctl(slave, FIONREAD, &bytes) == 0 && bytes == 0)
        nap(1);
    value("tcflush", tcflush(slave, TCIFLUSH));
    must("FIONREAD", ioctl(slave, FIONREAD, &bytes));
    value("left", bytes);
    value("tcflush of nothing known", tcflush(slave, 77));
    value("tcdrain", tcdrain(slave));
    return broken;
}
