// exec-often TIMES PROGRAM: executes a program so often, one after the other.
#include "guest.h"

int main(int argc, char **argv)
{
    for (int i = atoi(argv[1]); i > 0; i--) {
        pid_t child = vfork();
        if (child == 0) {
            execv(argv[2], argv + 2);
            _exit(127);
        }
        int status;
        if (child == -1 || waitpid(child, &status, 0) != child || status != 0)
            return 1;
    }
    return 0;
}
