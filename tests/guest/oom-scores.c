// /proc/PID/oom_score_adj, oom_adj and oom_score: what may be written there by whom, and what it says then.
#include "guest.h"

static void show(const char *what)
{
    static const char *const names[] = { "oom_score_adj", "oom_adj" };
    char path[64], text[64];
    printf("%s:", what);
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "/proc/self/%s", names[i]);
        int fd = must(path, open(path, O_RDONLY | O_CLOEXEC));
        ssize_t got = must(path, read(fd, text, sizeof text - 1));
        close(fd);
        text[got] = 0;
        text[strcspn(text, "\n")] = 0;
        printf(" %s", text);
    }
    puts("");
}

// It grows by two thirds of a thousandth of memory for each that is used or adjusted, from 666 for nothing.
static long score(void)
{
    char text[64];
    int fd = must("oom_score", open("/proc/self/oom_score", O_RDONLY | O_CLOEXEC));
    ssize_t got = must("oom_score", read(fd, text, sizeof text - 1));
    close(fd);
    text[got] = 0;
    return atol(text);
}

static void put(const char *name, const char *content)
{
    char path[64], what[80];
    snprintf(path, sizeof path, "/proc/self/%s", name);
    snprintf(what, sizeof what, "%s '%.*s'", name, (int)strcspn(content, "\n"), content);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    value(what, fd < 0 ? -1 : write(fd, content, strlen(content)));
    close(fd);
}

static int of_user(void)
{
    show("inherited");
    put("oom_score_adj", "400");
    put("oom_score_adj", "700\n");
    put("oom_score_adj", "0");
    show("as it was at first");
    put("oom_score_adj", "-1");
    put("oom_adj", "5");
    show("by the older file");
    put("oom_adj", "4");
    put("oom_adj", "15");
    show("most");
    put("oom_score_adj", "10");
    struct stat stat;
    must("stat", lstat("/proc/self/oom_score_adj", &stat));
    value("whose", stat.st_uid);
    outcome("its child", START("child"));
    int fd = open("/proc/1/oom_score_adj", O_WRONLY | O_CLOEXEC);
    holds("not another's", fd < 0 && (errno == EACCES || errno == ENOENT));
    fd = open("/proc/self/oom_score", O_WRONLY | O_CLOEXEC);
    value("nobody writes a score", fd);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "child")) {
        show("inherited");
        return 0;
    }
    if (argc > 1 && !strcmp(argv[1], "becomes")) {
        must("setresuid", setresuid(1000, 1000, 1000));
        execl("/proc/self/exe", "guest", "user", (char *)0);
        return 1;
    }
    if (argc > 1)
        return of_user();
    skip_unless(geteuid() == 0, "root");
    // Before root has said anything, which would be the least for everyone after it.
    outcome("a user", START("becomes"));
    show("at first");
    holds("score", score() >= 660 && score() < 720);
    put("oom_score_adj", "");
    put("oom_score_adj", "x");
    put("oom_score_adj", "1001");
    put("oom_score_adj", "-1001");
    put("oom_score_adj", "12 13");
    put("oom_score_adj", " 12\n");
    put("oom_adj", "16");
    put("oom_adj", "-18");
    put("oom_adj", "x");
    show("nothing but 12");
    put("oom_score_adj", "500");
    show("500");
    holds("score", score() >= 980 && score() < 1060);
    put("oom_score_adj", "1000");
    show("1000");
    holds("score", score() >= 1320 && score() < 1400);
    put("oom_score_adj", "300");
    show("300");
    return broken;
}
