// Many processes alive at once, all of them to be seen, signalled and waited for. The first argument says how many.
#include "guest.h"
#include <dirent.h>

static int compare(const void *first, const void *second) { return *(const pid_t *)first - *(const pid_t *)second; }

// How many of them /proc lists.
static int listed(pid_t *children, int count)
{
    pid_t *sorted = malloc(count * sizeof *sorted);
    memcpy(sorted, children, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare);
    DIR *proc = opendir("/proc");
    int found = 0;
    for (struct dirent *entry; (entry = readdir(proc)); ) {
        pid_t id = atoi(entry->d_name);
        found += id > 0 && bsearch(&id, sorted, count, sizeof *sorted, compare) != NULL;
    }
    closedir(proc);
    free(sorted);
    return found;
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "waits")) {
        char byte = 'x';
        write(4, &byte, 1);
        while (read(3, &byte, 1) > 0)
            ;
        return 3;
    }
    int wanted = argc > 1 ? atoi(argv[1]) : 300;
    int hold[2], ready[2];
    must("pipe", pipe2(hold, O_CLOEXEC));
    must("pipe", pipe2(ready, O_CLOEXEC));
    pid_t *children = calloc(wanted, sizeof *children);
    char *const arguments[] = { "guest", "waits", "x", NULL };
    int made = 0, error = 0;
    for (; made < wanted; made++) {
        volatile int failed = 0;
        children[made] = vfork();
        if (children[made] == 0) {
            dup2(hold[0], 3) == 3 ? (void)fcntl(3, F_SETFD, 0) : (void)0;
            dup2(ready[1], 4) == 4 ? (void)fcntl(4, F_SETFD, 0) : (void)0;
            execv("/proc/self/exe", arguments);
            failed = errno;
            _exit(126);
        }
        if (children[made] < 0 || failed) {
            error = children[made] < 0 ? errno : failed;
            if (children[made] > 0)
                waitpid(children[made], NULL, 0);
            break;
        }
    }
    if (error)
        printf("made %d, then %s\n", made, strerror(error));
    char byte;
    int running = 0;
    while (running < made && read(ready[0], &byte, 1) == 1)
        running++;
    printf("alive: %d\n", running);
    holds("in /proc", listed(children, made) == made);
    int signalled = 0;
    for (int i = 0; i < made; i++)
        signalled += kill(children[i], 0) == 0 && (i % 2 == 0 || kill(children[i], SIGTERM) == 0);
    holds("signalled", signalled == made);
    close(hold[1]);
    int ended = 0;
    for (int i = 0; i < made; i++) {
        int status;
        if (waitpid(children[i], &status, 0) == children[i])
            ended += i % 2 == 0 ? WIFEXITED(status) && WEXITSTATUS(status) == 3 : WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
    }
    holds("ended", ended == made && made == wanted);
    return broken;
}
