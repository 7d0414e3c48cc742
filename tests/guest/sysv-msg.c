// System V's message queues: which message comes, who waits, and what fits.
#include "guest.h"
#include <limits.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#ifndef MSG_COPY
#define MSG_COPY 040000
#endif

static int id;

struct message {
    long type;
    char text[20000];
};

static struct message message;

static long put(long type, const char *text, int flags)
{
    message.type = type;
    strcpy(message.text, text);
    return msgsnd(id, &message, strlen(text) + 1, flags);
}

static void take(const char *what, long type, size_t size, int flags)
{
    memset(&message, 0, sizeof message);
    long got = msgrcv(id, &message, size, type, flags);
    if (got < 0)
        value(what, -1);
    else
        printf("%s: %ld bytes of type %ld: %.30s\n", what, got, message.type, message.text);
}

static struct msqid_ds status(void)
{
    struct msqid_ds status;
    memset(&status, 0, sizeof status);
    msgctl(id, IPC_STAT, &status);
    return status;
}

static void holdings(const char *what)
{
    printf("%s: %lu messages, %lu bytes\n", what, (unsigned long)status().msg_qnum, (unsigned long)status().msg_cbytes);
}

static char texts[3][16];
static char *number(int which, long value)
{
    snprintf(texts[which], sizeof texts[which], "%ld", value);
    return texts[which];
}

static int role(char **argv)
{
    id = atoi(argv[2]);
    if (!strcmp(argv[1], "receive")) {
        take("a child", atol(argv[3]), atol(argv[4]), 0);
        return 0;
    }
    if (!strcmp(argv[1], "send")) {
        message.type = atol(argv[3]);
        return msgsnd(id, &message, atol(argv[4]), 0) ? errno : 0;
    }
    must("setgid", setgid(65534));
    must("setuid", setuid(65534));
    value("others: msgsnd", put(1, "no", 0));
    take("others: msgrcv", 0, 100, IPC_NOWAIT);
    struct msqid_ds other = { 0 };
    value("others: IPC_STAT", msgctl(id, IPC_STAT, &other));
    value("others: IPC_SET", msgctl(id, IPC_SET, &other));
    value("others: IPC_RMID", msgctl(id, IPC_RMID, NULL));
    // A queue of one's own has no more room than msgmnb.
    id = must("msgget", msgget(IPC_PRIVATE, 0600));
    other = status();
    printf("qbytes %lu\n", (unsigned long)other.msg_qbytes);
    other.msg_qbytes = 1 << 20;
    value("more", msgctl(id, IPC_SET, &other));
    other.msg_qbytes = 100;
    value("less", msgctl(id, IPC_SET, &other));
    value("IPC_RMID", msgctl(id, IPC_RMID, NULL));
    return 0;
}

static void selection(void)
{
    put(3, "three", 0);
    put(1, "one", 0);
    put(2, "two", 0);
    put(1, "one again", 0);
    put(5, "five", 0);
    put(4, "four", 0);
    holdings("six");
    take("the third, copied", 2, 100, MSG_COPY | IPC_NOWAIT);
    take("the ninth, copied", 8, 100, MSG_COPY | IPC_NOWAIT);
    take("a copy that waits", 2, 100, MSG_COPY);
    take("a copy cut off", 0, 2, MSG_COPY | IPC_NOWAIT | MSG_NOERROR);
    holdings("six");
    take("the first", 0, 100, 0);
    take("of type 2", 2, 100, 0);
    take("of type 9", 9, 100, IPC_NOWAIT);
    take("up to 4", -4, 100, 0);
    take("all but 1", 1, 100, MSG_EXCEPT);
    take("up to 4", -4, 100, 0);
    take("up to 3", -3, 100, IPC_NOWAIT);
    take("up to all", LONG_MIN, 100, 0);
    take("none left", 0, 100, IPC_NOWAIT);
    holdings("none");
    put(1, "much too long", 0);
    take("too long", 0, 4, 0);
    take("cut off", 0, 4, MSG_NOERROR);
    holdings("none");
    value("an empty one", msgsnd(id, &(long) { 7 }, 0, 0));
    take("an empty one", 0, 0, 0);
}

static void wrong(void)
{
    key_t key = 0x5e000000 | getpid();
    done("no such key", msgget(key, 0600));
    int keyed = must("msgget", msgget(key, IPC_CREAT | 0600));
    holds("the same", msgget(key, 0) == keyed);
    done("IPC_EXCL", msgget(key, IPC_CREAT | IPC_EXCL));
    value("IPC_RMID", msgctl(keyed, IPC_RMID, NULL));
    value("gone", msgctl(keyed, IPC_RMID, NULL));
    value("type 0", put(0, "nothing", 0));
    value("type -1", put(-1, "nothing", 0));
    value("too long", msgsnd(id, &message, 8193, 0));
    message.type = 1;
    value("too long", msgsnd(id, &message, 8193, 0));
    value("no memory", msgsnd(id, (void *)8, 10, 0));
    value("no queue", msgsnd(-1, &message, 10, 0));
    value("no queue", msgrcv(-1, &message, 10, 0, 0));
    value("less than nothing", msgrcv(id, &message, -1, 0, 0));
    value("no command", msgctl(id, 99, NULL));
    put(1, "lost", 0);
    value("where there is no memory", msgrcv(id, (void *)8, 100, 0, 0));
    holdings("lost");
}

static void waiting(void)
{
    time_t before = time(NULL) - 1; // Linux stamps with a clock that moves by ticks only
    pid_t three = START("receive", number(0, id), "3", "100"), any, small;
    until_state(three, 'S');
    any = START("receive", number(0, id), "0", "100");
    until_state(any, 'S');
    must("msgsnd", put(3, "for the first", 0));
    outcome("three", three);
    must("msgsnd", put(1, "for the second", 0));
    outcome("any", any);
    holds("lspid and lrpid", status().msg_lspid == getpid() && status().msg_lrpid == any);
    holds("stime and rtime", status().msg_stime >= before && status().msg_rtime >= before);
    small = START("receive", number(0, id), "0", "3");
    until_state(small, 'S');
    must("msgsnd", put(1, "too long", 0));
    outcome("small", small);
    take("still there", 0, 100, IPC_NOWAIT);

    // Full: senders wait until there is room.
    message.type = 1;
    value("half", msgsnd(id, &message, 8192, IPC_NOWAIT));
    value("full", msgsnd(id, &message, 8192, IPC_NOWAIT));
    value("no room", msgsnd(id, &message, 1, IPC_NOWAIT));
    value("for nothing", msgsnd(id, &message, 0, IPC_NOWAIT));
    pid_t sender = START("send", number(0, id), "2", "5000");
    until_state(sender, 'S');
    holdings("full");
    take("one", 1, 8192, 0);
    outcome("sender", sender);
    holdings("with the sender's");
    holds("lspid", status().msg_lspid == sender);
    take("the sender's", 2, 8192, 0);
    take("one", 1, 8192, 0);
    take("nothing", 0, 8192, 0);
    struct msqid_ds set = status();
    set.msg_qbytes = 10;
    set.msg_perm.mode = 0640;
    value("IPC_SET", msgctl(id, IPC_SET, &set));
    printf("qbytes %lu, mode %o\n", (unsigned long)status().msg_qbytes, status().msg_perm.mode);
    value("eleven", msgsnd(id, &message, 11, IPC_NOWAIT));
    sender = START("send", number(0, id), "2", "11");
    until_state(sender, 'S');
    set.msg_qbytes = 16384;
    value("IPC_SET", msgctl(id, IPC_SET, &set));
    outcome("sender", sender);
    take("the sender's", 0, 100, 0);
}

static void nothing(int signal)
{
}

static void interrupted(void)
{
    struct sigaction action = { .sa_handler = nothing, .sa_flags = SA_RESTART };
    sigaction(SIGALRM, &action, NULL);
    struct itimerval timer = { .it_value = { 0, 20000 }, .it_interval = { 0, 20000 } };
    setitimer(ITIMER_REAL, &timer, NULL);
    take("interrupted", 0, 100, 0);
    message.type = 1;
    msgsnd(id, &message, 8192, 0);
    msgsnd(id, &message, 8192, 0);
    value("interrupted", msgsnd(id, &message, 8192, 0));
    timer = (struct itimerval) { 0 };
    setitimer(ITIMER_REAL, &timer, NULL);
    holdings("two");
    take("one", 0, 8192, 0);
    take("one", 0, 8192, 0);
}

static void tables(void)
{
    struct msginfo info;
    holds("IPC_INFO", msgctl(0, IPC_INFO, (void *)&info) >= 0);
    printf("%d %d %d %d %d %d %d %d\n", info.msgpool, info.msgmap, info.msgmax, info.msgmnb, info.msgmni, info.msgssz, info.msgtql, info.msgseg);
    put(1, "here", 0);
    int highest = msgctl(0, MSG_INFO, (void *)&info), found = 0;
    holds("MSG_INFO", highest >= 0 && info.msgpool >= 1 && info.msgmap >= 1 && info.msgtql >= 5);
    for (int i = 0; i <= highest; i++) {
        struct msqid_ds each;
        found += msgctl(i, MSG_STAT, &each) == id && each.msg_qnum == 1;
        found += msgctl(i, 13, &each) == id; // MSG_STAT_ANY
    }
    printf("found by index: %d\n", found);
    FILE *list = fopen("/proc/sysvipc/msg", "r");
    char line[512];
    while (fgets(line, sizeof line, list)) {
        int key, number, mode, bytes, count, sender, receiver;
        if (sscanf(line, "%d %d %o %d %d %d %d", &key, &number, &mode, &bytes, &count, &sender, &receiver) == 7 && number == id)
            printf("in /proc: %o %d %d %s, line of %zu\n", mode, bytes, count, sender == getpid() ? "we" : "others", strlen(line));
    }
    fclose(list);
}

int main(int argc, char **argv)
{
    if (argc > 2)
        return role(argv);
    id = must("msgget", msgget(IPC_PRIVATE, 0600));
    struct msqid_ds fresh = status();
    printf("qbytes %lu, mode %o, times %ld %ld\n", (unsigned long)fresh.msg_qbytes, fresh.msg_perm.mode, (long)fresh.msg_stime, (long)fresh.msg_rtime);
    selection();
    wrong();
    waiting();
    interrupted();
    tables();
    if (geteuid() == 0)
        outcome("others", START("others", number(0, id)));
    take("what is left", 0, 100, IPC_NOWAIT);
    pid_t receiver = START("receive", number(0, id), "0", "100");
    until_state(receiver, 'S');
    must("IPC_RMID", msgctl(id, IPC_RMID, NULL));
    outcome("its queue is gone", receiver);
    id = must("msgget", msgget(IPC_PRIVATE, 0600));
    message.type = 1;
    msgsnd(id, &message, 8192, 0);
    msgsnd(id, &message, 8192, 0);
    pid_t sender = START("send", number(0, id), "1", "100");
    until_state(sender, 'S');
    value("IPC_RMID", msgctl(id, IPC_RMID, NULL));
    outcome("its queue is gone", sender);
    return broken;
}
