// memfd_create's MFD_NOEXEC_SEAL and MFD_EXEC, and the seal on the executable bits.
#include "memory.h"

#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 32
#endif
enum { NOEXEC_SEAL = 8, EXEC = 16 };

static int create(unsigned flags) { return (int)syscall(SYS_memfd_create, "sealed", flags); }

static int mode_of(int fd)
{
    struct stat status;
    must("fstat", fstat(fd, &status));
    return (int)(status.st_mode & 07777);
}

int main(void)
{
    int fd = create(NOEXEC_SEAL);
    skip_unless(fd >= 0, "Linux 6.3");
    printf("%o, seals %d\n", (unsigned)mode_of(fd), fcntl(fd, F_GET_SEALS));
    value("to execute", fchmod(fd, 0755));
    value("to write", fchmod(fd, 0640));
    printf("%o\n", (unsigned)mode_of(fd));
    value("more seals", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    close(fd);
    fd = must("memfd", create(EXEC | MFD_ALLOW_SEALING));
    printf("%o, seals %d\n", (unsigned)mode_of(fd), fcntl(fd, F_GET_SEALS));
    value("seal it", fcntl(fd, F_ADD_SEALS, F_SEAL_EXEC));
    // What is executable then stays as it is, contents and all.
    value("seals", fcntl(fd, F_GET_SEALS));
    value("not to execute", fchmod(fd, 0600));
    value("the same", fchmod(fd, 0777));
    value("write", pwrite(fd, "x", 1, 0));
    close(fd);
    value("both", create(EXEC | NOEXEC_SEAL));
    return broken;
}
