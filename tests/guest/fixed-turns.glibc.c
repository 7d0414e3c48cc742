#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
static char data[30000] = "x"; static char bss[50000];
int main(int argc, char **argv) {
    int depth = argc > 1 ? atoi(argv[1]) : 3; setvbuf(stdout, 0, _IONBF, 0);
    memset(bss, depth, sizeof bss); memset(data, depth + 10, sizeof data); char *h = malloc(5000); memset(h, depth, 5000);
    if (depth > 0) {
        char arg[10]; sprintf(arg, "%d", depth - 1);
        for (int k = 0; k < 2; k++) {
        int p[2]; pipe(p);
        pid_t c = k ? vfork() : fork();
        if (!c) { dup2(p[1], 1); close(p[0]); execl("/proc/self/exe", "fixed1", arg, NULL); _exit(99); }
        close(p[1]); char b[500]; int n, st; while ((n = read(p[0], b, 500)) > 0) write(1, b, n); waitpid(c, &st, 0); close(p[0]);
        printf("%*s%d: child %x %s\n", 6 - depth, "", depth, st, bss[40000] == depth && data[20000] == depth + 10 && h[4000] == depth ? "ok" : "WRONG");
        }
    }
    return depth;
}
