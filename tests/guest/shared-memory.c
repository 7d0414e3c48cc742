// Memory that processes share: through a file, and what one writes the other sees at once.
#include "guest.h"
#include <sys/mman.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
    if (argc > 1) {
        int fd = strcmp(argv[1], "fd") ? must("open", open("shared", O_RDWR)) : 20;
        volatile int *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        for (int i = 0; i < 1000; i++) {
            while (map[0] != i)
                ;
            map[1024] = i * 3;
            __sync_synchronize();
            map[1] = i + 1;
        }
        return map[0] == 999 ? 0 : 1;
    }
    scratch();
    for (int way = 0; way < 2; way++) {
        int fd = way ? (int)must("memfd_create", syscall(SYS_memfd_create, "shared", 0)) : must("open", open("shared", O_CREAT | O_RDWR, 0600));
        must("dup2", dup2(fd, 20));
        must("ftruncate", ftruncate(fd, 8192));
        volatile int *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        map[0] = -1;
        pid_t child = START(way ? "fd" : "name");
        int wrong = 0;
        for (int i = 0; i < 1000; i++) {
            map[0] = i;
            while (map[1] != i + 1)
                if (state_of(child) == 'Z' && map[1] != i + 1) { // its last word may have come after we looked
                    printf("ended before %d\n", i);
                    return 1;
                }
            wrong += map[1024] != i * 3;
        }
        if (way) {
            char link[64] = "";
            (void)!readlink("/proc/self/fd/20", link, sizeof link - 1);
            printf("%s\n", link);
        }
        printf("%s: wrong %d\n", way ? "memfd" : "file", wrong);
        outcome("child", child);
        int stored;
        pread(fd, &stored, sizeof stored, 4096);
        value("the file holds", stored);
        // What a child had mapped is gone with it, and ours is not.
        map[5] = 77;
        value("still ours", map[5]);
        close(fd);
    }
    // Anonymous and shared: a vforked child has it, a program does not.
    volatile int *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = vfork();
    if (child == 0) {
        map[0] = 12;
        _exit(0);
    }
    outcome("vforked", child);
    value("anonymous", map[0]);
    leave();
    return broken;
}
