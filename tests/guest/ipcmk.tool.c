// ipcmk -M SIZE | -S COUNT | -Q TEXT [MODE [KEY]]: makes an object of System V's IPC, as ipcmk(1) does, and prints its id. A queue gets a message.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

int main(int count, char **arguments)
{
    if (count < 3 || arguments[1][0] != '-')
        return 2;
    int mode = count > 3 ? strtol(arguments[3], NULL, 8) : 0644;
    key_t key = count > 4 ? strtol(arguments[4], NULL, 0) : IPC_PRIVATE;
    struct { long type; char text[100]; } message = { 1, "" };
    int id = -1;
    switch (arguments[1][1]) {
    case 'M':
        id = shmget(key, strtoull(arguments[2], NULL, 0), mode | IPC_CREAT);
        break;
    case 'S':
        id = semget(key, atoi(arguments[2]), mode | IPC_CREAT);
        break;
    case 'Q':
        id = msgget(key, mode | IPC_CREAT);
        strncpy(message.text, arguments[2], sizeof message.text - 1);
        if (id >= 0 && msgsnd(id, &message, strlen(message.text), 0) < 0)
            perror("msgsnd");
    }
    if (id < 0)
        printf("ipcmk: %s\n", strerror(errno));
    else
        printf("%d\n", id);
    return id < 0;
}
