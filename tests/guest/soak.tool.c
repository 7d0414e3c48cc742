// soak.tool COUNT: COUNT times vfork, execve of this program without arguments, and wait. Prints how many children ended as they should.
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char** arguments)
{
    char* nothing[] = { 0 };
    char* child[] = { "soak", 0 };
    int rounds = count > 1 ? atoi(arguments[1]) : 0, good = 0;
    for (int i = 0; i < rounds; i++)
    {
        int status;
        pid_t pid = vfork();
        if (pid == 0)
        {
            execve("/proc/self/exe", child, nothing);
            _exit(127);
        }
        if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0)
            good++;
    }
    if (rounds > 0)
        printf("%d\n", good);
    return 0;
}
