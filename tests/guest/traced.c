// One call of many kinds after another, each with arguments that a trace has to tell: what a golden trace is compared with.
#include "guest.h"
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

#define check(truth) (void)((truth) || (printf("line %d: %s\n", __LINE__, strerror(errno)), broken = 1))

static void handler(int signal) { (void)signal; }

static void files(void)
{
    char buffer[64];
    struct stat status;
    struct iovec parts[2] = { { "one\n", 4 }, { "\ttwo \"2\"\0013", 11 } };
    int fd = open("traced-file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    check(fd >= 0 && write(fd, "a line that is longer than thirty-two bytes\n", 44) == 44);
    check(writev(fd, parts, 2) == 15);
    check(fstat(fd, &status) == 0 && status.st_size == 59);
    check(pread(fd, buffer, sizeof buffer, 44) == 15);
    check(lseek(fd, -2, SEEK_END) == 57 && read(fd, buffer, 64) == 2 && read(fd, buffer, 64) == 0);
    check(fcntl(fd, F_GETFL) >= 0 && fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    check(syscall(SYS_dup3, fd, 20, O_CLOEXEC) == 20 && close(20) == 0 && close(fd) == 0 && close(fd) == -1);
    check(open("no/such/file", O_RDONLY | O_DIRECTORY) == -1 && access("traced-file", R_OK | W_OK) == 0);
    check(syscall(SYS_openat, AT_FDCWD, "traced-file", O_WRONLY | O_EXCL | O_CREAT, 0600) == -1);
    check(syscall(SYS_newfstatat, AT_FDCWD, "/dev/null", &status, AT_SYMLINK_NOFOLLOW) == 0);
    check(unlink("traced-file") == 0 && read(99, NULL, 5) == -1 && write(1, (void *)8, 3) == -1);
}

static void memory(void)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(page != MAP_FAILED && mprotect(page, 4096, PROT_NONE) == 0 && madvise(page, 8192, MADV_DONTNEED) == 0 && munmap(page, 8192) == 0);
    struct rlimit limit;
    check(getrlimit(RLIMIT_NOFILE, &limit) == 0 && umask(027) == 022 && umask(022) == 027);
}

static void signals(void)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    check(sigaction(SIGUSR1, &action, NULL) == 0 && sigprocmask(SIG_BLOCK, &usr1, NULL) == 0);
    check(syscall(SYS_tkill, syscall(SYS_gettid), SIGUSR1) == 0 && sigprocmask(SIG_UNBLOCK, &usr1, NULL) == 0);
}

static void others(void)
{
    int ends[2], status;
    char buffer[8];
    struct pollfd polled[2];
    struct timespec moment = { 0, 1000 };
    check(pipe2(ends, O_CLOEXEC) == 0);
    polled[0] = (struct pollfd){ ends[0], POLLIN, 0 };
    polled[1] = (struct pollfd){ ends[1], POLLOUT, 0 };
    check(poll(polled, 1, 0) == 0 && poll(polled, 2, -1) == 1 && write(ends[1], "x\xff", 2) == 2 && read(ends[0], buffer, 8) == 2);
    close(ends[0]);
    close(ends[1]);
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 && send(ends[0], "hello", 5, MSG_NOSIGNAL) == 5 && recv(ends[1], buffer, 8, 0) == 5);
    struct sockaddr_un name = { AF_UNIX, "nobody" };
    check(connect(ends[0], (struct sockaddr *)&name, sizeof name) == -1 && shutdown(ends[0], SHUT_RDWR) == 0);
    pid_t child = vfork();
    if (child == 0)
        _exit(3);
    check(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3);
    check(nanosleep(&moment, NULL) == 0 && syscall(SYS_getpid) > 0 && syscall(500, 1, 2, 3) == -1);
}

int main(void)
{
    char folder[] = "/tmp/guest.XXXXXX";
    check(mkdtemp(folder) && chdir(folder) == 0 && chdir("/the/trace/begins") == -1);
    files();
    memory();
    signals();
    others();
    check(chdir("/") == 0 && rmdir(folder) == 0);
    puts("all calls have been made");
    return broken;
}
