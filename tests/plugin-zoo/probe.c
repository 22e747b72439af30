/* SPDX-License-Identifier: MPL-2.0 */
/* Tries what a plugin may not do, and tells the errno of each try (0: it went through). Built once
 * with no need and once with some: PROBE_NAME, PROBE_NEEDS. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include "zoo.h"

static const struct mig_field fields[] = {
    {"*", "an errno", MIG_FIELD_NUMBER, 0, 0},
    {"capabilities", "as /proc has them", MIG_FIELD_STRING, 0, 0},
    {"environment", "variables", MIG_FIELD_NUMBER, 0, 0},
};

extern char **environ;
static int at_load = -1;

static int
outcome(int rc)
{
    int code = rc < 0 ? errno : 0;
    if (rc > 2)
        close(rc);
    return code;
}

/* Runs when the file is loaded, before the host knows more than its bytes. */
__attribute__((constructor)) static void
before_all(void)
{
    at_load = outcome(socket(AF_INET, SOCK_STREAM, 0));
}

static void
tell(const struct mig_host *host, const char *key, int code)
{
    char text[16];
    int n = snprintf(text, sizeof(text), "%d", code);
    host->set(host, key, text, (size_t)n);
}

static int
try_fork(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    if (child > 0)
        waitpid(child, NULL, 0);
    return child < 0 ? errno : 0;
}

static int
try_execute(const char *program)
{
    char *argv[] = {(char *)(uintptr_t) "true", NULL};
    pid_t child = vfork();
    if (child == 0) {
        execve(program, argv, environ);
        _exit(errno);
    }
    int status = 0;
    if (child < 0)
        return errno;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static int
try_code(int protection)
{
    void *page = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int code = page == MAP_FAILED ? errno : 0;
    if (page != MAP_FAILED)
        munmap(page, 4096);
    return code;
}

static int
try_late_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int code = page == MAP_FAILED || mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0 ? errno : 0;
    if (page != MAP_FAILED)
        munmap(page, 4096);
    return code;
}

/* Nobody listens there. */
static int
try_connect(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(1)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        return errno;
    int code = connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? errno : 0;
    close(fd);
    return code;
}

/* Setting the frequency to what it is would change nothing. */
static int
try_clock(unsigned modes)
{
    struct timex state = {.modes = 0};
    if (modes != 0 && adjtimex(&state) < 0)
        return errno;
    state.modes = modes;
    return adjtimex(&state) < 0 ? errno : 0;
}

static void
tell_capabilities(const struct mig_host *host)
{
    char line[256], text[64];
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
        unsigned long long bits;
        if (sscanf(line, "CapPrm: %llx", &bits) == 1) {
            int n = snprintf(text, sizeof(text), "\"%llx\"", bits);
            host->set(host, "capabilities", text, (size_t)n);
        }
    }
    if (status != NULL)
        fclose(status);
}

static int
run(const struct mig_host *host, const char *parameters, size_t length)
{
    int variables = 0;
    (void)parameters;
    (void)length;
    while (environ != NULL && environ[variables] != NULL)
        variables++;
    tell(host, "environment", variables);
    tell(host, "constructor", at_load);
    tell(host, "inet", outcome(socket(AF_INET, SOCK_STREAM, 0)));
    tell(host, "local", outcome(socket(AF_UNIX, SOCK_STREAM, 0)));
    tell(host, "packet", outcome(socket(AF_PACKET, SOCK_RAW, 0)));
    tell(host, "read", outcome(open("/etc/passwd", O_RDONLY)));
    tell(host, "write", outcome(open("/dev/null", O_WRONLY)));
    tell(host, "create", outcome(open("/tmp/mig-zoo-probe", O_RDONLY | O_CREAT, 0600)));
    tell(host, "remove", outcome(unlink("/tmp/mig-zoo-probe")));
    tell(host, "mode", outcome(chmod("/tmp", 01777)));
    tell(host, "fork", try_fork());
    tell(host, "execute", try_execute("/bin/true"));
    tell(host, "undeclared", try_execute("/bin/ls"));
    tell(host, "listen", listen(-1, 1) < 0 ? errno : 0);
    tell(host, "tty", ioctl(-1, TIOCSTI, "x") < 0 ? errno : 0);
    tell(host, "ask", ioctl(-1, FIONREAD, &variables) < 0 ? errno : 0);
    tell(host, "code", try_code(PROT_READ | PROT_WRITE | PROT_EXEC));
    tell(host, "fresh code", try_code(PROT_READ | PROT_EXEC));
    tell(host, "late code", try_late_code());
    tell(host, "memory file", outcome(memfd_create("probe", 0)));
    tell(host, "priority", setpriority(PRIO_PROCESS, 0, 0) < 0 ? errno : 0);
    tell(host, "nice", getpriority(PRIO_PROCESS, 0));
    tell(host, "tcp", try_connect());
    tell(host, "usr", outcome(open("/usr/bin/env", O_RDONLY)));
    tell(host, "self", outcome(open("/proc/self/status", O_RDONLY)));
    tell(host, "others", outcome(open("/proc/1/cmdline", O_RDONLY)));
    tell(host, "signal", outcome(kill(getppid(), 0)));
    tell(host, "session", outcome(setpgid(0, 0)));
    tell(host, "namespace", outcome(unshare(CLONE_NEWUSER)));
    tell(host, "clock", try_clock(0));
    tell(host, "set clock", try_clock(ADJ_FREQUENCY));
    tell_capabilities(host);
    return 0;
}

static const char *const programs[] = {"/bin/true", "/bin/no-such-program", NULL};

ZOO_NOTE(PROBE_NAME, "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {
    ZOO_SELF(PROBE_NAME, PROBE_NEEDS),
    ZOO_FIELDS(fields),
    .programs = (PROBE_NEEDS)&MIG_NEED_EXECUTE ? programs : NULL,
    .run = run,
};
