/* SPDX-License-Identifier: MIT */
/* Confinement of the child, and the parent's side of the pipe. Source: seccomp(2), prctl(2),
 * setrlimit(2). */
#include "pe/confine.h"

#include "sim/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define CONFINE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONFINE_ASAN 1
#endif
#endif
#ifndef CONFINE_ASAN
#define CONFINE_ASAN 0
#endif

#define NOBODY          65534
#define FRAME_END       0xFFFFFFFFu
#define TURN_MS         200 /* a signal just before poll() does not end it */
#define X32_BIT         0x40000000u

/* Driver images lie in arenas, and the lab's own code does not. */
#define ARENAS_HIGH     (unsigned)(SIM_ARENA_FIRST >> 32)
#define ARENAS_END_HIGH (unsigned)((SIM_ARENA_FIRST + SIM_ARENA_SLOTS * SIM_ARENA_EACH) >> 32)

/* What is behind the only instruction that may write to the pipe. Driver code that finds the C
 * library's write() gets nowhere. */
extern const char confine_pipe_written[];
__asm__(".text\n"
        ".globl confine_pipe_write\n"
        ".type confine_pipe_write, @function\n"
        "confine_pipe_write:\n"
        "    movl $1, %eax\n" /* SYS_write */
        "    syscall\n"
        ".globl confine_pipe_written\n"
        "confine_pipe_written:\n"
        "    ret\n"
        ".size confine_pipe_write, . - confine_pipe_write\n");

struct frame_header {
    uint32_t type, length;
};

/* ---- system calls ---- */

/* What computing needs. Descriptors are closed before, so that reads and writes reach the pipe,
 * stderr and what the caller kept only. */
static const unsigned ALLOWED[] = {
    SYS_read,         SYS_pread64,     SYS_write,     SYS_writev,       SYS_close,
    SYS_fstat,        SYS_lseek,       SYS_mmap,      SYS_munmap,       SYS_mprotect,
    SYS_mremap,       SYS_madvise,     SYS_brk,       SYS_rt_sigaction, SYS_rt_sigprocmask,
    SYS_rt_sigreturn, SYS_sigaltstack, SYS_exit,      SYS_exit_group,   SYS_clock_gettime,
    SYS_gettimeofday, SYS_time,        SYS_getrandom, SYS_futex,        SYS_setitimer,
    SYS_getitimer,    SYS_getpid,      SYS_gettid,    SYS_sched_yield,  SYS_restart_syscall,
    SYS_getrusage,
};

/* What libraries try and can do without. Everything else, and every call out of a driver's image,
 * traps: SIGSYS, which kills unless pe/signals.c can tell whose it was. Nothing is carried out. */
static const unsigned REFUSED[] = {
    SYS_open,      SYS_openat, SYS_stat,     SYS_lstat,      SYS_newfstatat,
    SYS_statx,     SYS_access, SYS_readlink, SYS_readlinkat, SYS_getcwd,
    SYS_ioctl,     SYS_uname,  SYS_sysinfo,  SYS_prlimit64,  SYS_getuid,
    SYS_geteuid,   SYS_getgid, SYS_getegid,  SYS_getppid,    SYS_sched_getaffinity,
    SYS_getrlimit,
};

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define FILTER_MAX  (2 * (COUNT(ALLOWED) + COUNT(REFUSED)) + 48)
#define ARGUMENT(n) (offsetof(struct seccomp_data, args) + 8 * (n)) /* low half */

struct filter {
    struct sock_filter code[FILTER_MAX];
    unsigned short length;
};

static void add(struct filter *filter, unsigned code, unsigned k, unsigned yes, unsigned no)
{
    filter->code[filter->length++] =
        (struct sock_filter){(unsigned short)code, (unsigned char)yes, (unsigned char)no, k};
}

static void load(struct filter *filter, size_t offset)
{
    add(filter, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

static void answer(struct filter *filter, unsigned action)
{
    add(filter, BPF_RET | BPF_K, action, 0, 0);
}

/* This call, with one of these first arguments: allowed; with others: refused. */
static void allow_argument(struct filter *filter, unsigned call, const unsigned *arguments,
                           unsigned count)
{
    const unsigned refuse = SECCOMP_RET_ERRNO | EPERM;
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3 + count);
    load(filter, ARGUMENT(0));
    for (unsigned i = 0; i < count; i++)
        add(filter, BPF_JMP | BPF_JEQ | BPF_K, arguments[i], count - i, 0);
    answer(filter, refuse);
    answer(filter, SECCOMP_RET_ALLOW);
}

/* Writes to the pipe from elsewhere trap. */
static void guard_pipe(struct filter *filter, int out_fd)
{
    const uintptr_t behind = (uintptr_t)confine_pipe_written;
    load(filter, offsetof(struct seccomp_data, nr));
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 1, 0);
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, SYS_writev, 0, 8);
    load(filter, ARGUMENT(0));
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)out_fd, 0, 6);
    load(filter, offsetof(struct seccomp_data, instruction_pointer));
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)behind, 0, 3);
    load(filter, offsetof(struct seccomp_data, instruction_pointer) + 4);
    add(filter, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(behind >> 32), 0, 1);
    answer(filter, SECCOMP_RET_ALLOW);
    answer(filter, SECCOMP_RET_TRAP);
}

static int install_filter(int out_fd)
{
    struct filter filter = {.length = 0};
    const unsigned tsc[] = {PR_SET_TSC, PR_GET_TSC};
    const unsigned self[] = {(unsigned)getpid()};
    load(&filter, offsetof(struct seccomp_data, instruction_pointer) + 4);
    add(&filter, BPF_JMP | BPF_JGE | BPF_K, ARENAS_HIGH, 0, 2);
    add(&filter, BPF_JMP | BPF_JGE | BPF_K, ARENAS_END_HIGH, 1, 0);
    answer(&filter, SECCOMP_RET_TRAP);
    load(&filter, offsetof(struct seccomp_data, arch));
    add(&filter, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
    answer(&filter, SECCOMP_RET_TRAP);
    guard_pipe(&filter, out_fd);
    load(&filter, offsetof(struct seccomp_data, nr));
    add(&filter, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
    answer(&filter, SECCOMP_RET_TRAP);
    for (size_t i = 0; i < COUNT(ALLOWED); i++) {
        add(&filter, BPF_JMP | BPF_JEQ | BPF_K, ALLOWED[i], 0, 1);
        answer(&filter, SECCOMP_RET_ALLOW);
    }
    for (size_t i = 0; i < COUNT(REFUSED); i++) {
        add(&filter, BPF_JMP | BPF_JEQ | BPF_K, REFUSED[i], 0, 1);
        answer(&filter, SECCOMP_RET_ERRNO | EPERM);
    }
    allow_argument(&filter, SYS_prctl, tsc, COUNT(tsc));
    allow_argument(&filter, SYS_tgkill, self, COUNT(self));
    answer(&filter, SECCOMP_RET_TRAP);
    const struct sock_fprog program = {filter.length, filter.code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : errno;
}

/* ---- the child ---- */

static bool is_kept(const struct confine_options *options, int fd)
{
    for (size_t i = 0; i < options->keep_count; i++) {
        if (options->keep[i] == fd)
            return true;
    }
    return false;
}

static int keep_descriptors(const struct confine_options *options, int out_fd)
{
    int highest = out_fd > 2 ? out_fd : 2;
    const int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
        return errno;
    for (size_t i = 0; i < options->keep_count; i++)
        highest = options->keep[i] > highest ? options->keep[i] : highest;
    for (int fd = 3; fd < highest; fd++) {
        if (fd != out_fd && !is_kept(options, fd))
            close(fd);
    }
    return syscall(SYS_close_range, (unsigned)highest + 1, ~0u, 0u) == 0 ? 0 : errno;
}

static int drop_rights(void)
{
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
                           setresuid(NOBODY, NOBODY, NOBODY) != 0))
        return errno;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return errno;
    return 0;
}

static int set_limit(int resource, rlim_t soft, rlim_t hard)
{
    const struct rlimit limit = {soft, hard};
    return setrlimit((__rlimit_resource_t)resource, &limit) == 0 ? 0 : errno;
}

/* Child: gives up every right but to compute and to use descriptors 2, out_fd and those kept.
 * Returns 0 or an errno value: then nothing of a driver may run in this process. */
static int enter(const struct confine_options *options, int out_fd)
{
    int error = keep_descriptors(options, out_fd);
    if (error == 0)
        error = drop_rights();
    if (error == 0)
        error = set_limit(RLIMIT_CORE, 0, 0);
    if (error == 0)
        error = set_limit(RLIMIT_NOFILE, 0, 0);
    if (error == 0 && options->memory != 0 && !CONFINE_ASAN)
        error = set_limit(RLIMIT_DATA, options->memory, options->memory);
    if (error == 0 && options->cpu_seconds != 0)
        error = set_limit(RLIMIT_CPU, options->cpu_seconds, options->cpu_seconds + 1);
    if (error == 0)
        error = install_filter(out_fd);
    return error;
}

static bool write_all(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length != 0) {
        const ssize_t written = confine_pipe_write(fd, at, length);
        if (written == -EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        length -= (size_t)written;
    }
    return true;
}

bool confine_send(int out_fd, uint32_t type, const void *payload, uint32_t length)
{
    const struct frame_header header = {type, length};
    return length <= CONFINE_MAX_PAYLOAD && write_all(out_fd, &header, sizeof header) &&
           write_all(out_fd, payload, length);
}

static _Noreturn void run_child(const struct confine_options *options, int (*child)(void *, int),
                                void *context, int out_fd, pid_t parent)
{
    /* What the parent would do about a forbidden call is not the child's; nor is what a terminal
     * sends to both. */
    signal(SIGSYS, SIG_DFL);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(3);
    const int error = enter(options, out_fd);
    if (error != 0) {
        fprintf(stderr, "sluice: cannot confine the process that runs drivers: %s\n",
                strerror(error));
        _exit(3);
    }
    const int32_t code = child(context, out_fd);
    confine_send(out_fd, FRAME_END, &code, sizeof code);
    _exit(0);
}

/* ---- the parent ---- */

struct reception {
    const struct confine_options *options;
    struct confine_result *result;
    uint8_t *buffer;
    size_t used, capacity;
    bool ended;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Hands out the whole frames in the buffer. False: nonsense. */
static bool take_frames(struct reception *r)
{
    size_t at = 0;
    struct frame_header header;
    while (r->used - at >= sizeof header) {
        memcpy(&header, r->buffer + at, sizeof header);
        if (header.length > CONFINE_MAX_PAYLOAD || r->ended)
            return false;
        if (r->used - at - sizeof header < header.length)
            break;
        const uint8_t *payload = r->buffer + at + sizeof header;
        if (header.type == FRAME_END && header.length == sizeof(int32_t)) {
            int32_t code;
            memcpy(&code, payload, sizeof code);
            r->result->code = code;
            r->ended = true;
        } else if (r->options->frame != NULL &&
                   !r->options->frame(r->options->context, header.type, payload, header.length)) {
            return false;
        }
        at += sizeof header + header.length;
    }
    memmove(r->buffer, r->buffer + at, r->used - at);
    r->used -= at;
    return true;
}

static bool make_room(struct reception *r)
{
    if (r->capacity - r->used >= 65536)
        return true;
    const size_t capacity = r->capacity * 2 + 131072;
    uint8_t *grown = realloc(r->buffer, capacity);
    if (grown == NULL)
        return false;
    r->buffer = grown;
    r->capacity = capacity;
    return true;
}

/* Reads until the child closes the pipe. */
static enum confine_end receive(struct reception *r, int fd)
{
    const struct confine_options *options = r->options;
    uint64_t until = options->wall_ms != 0 ? now_ms() + options->wall_ms : UINT64_MAX;
    bool stopping = false;
    for (;;) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        const uint64_t now = now_ms();
        if (!stopping && options->stop != NULL && options->stop(options->context)) {
            stopping = true;
            if (until > now + options->stop_ms)
                until = now + options->stop_ms;
        }
        if (now >= until)
            return stopping ? CONFINE_STOPPED : CONFINE_TIMEOUT;
        const int ready = poll(&poll_fd, 1, until - now < TURN_MS ? (int)(until - now) : TURN_MS);
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        if (ready < 0 || !make_room(r))
            return CONFINE_CUT;
        const ssize_t got = read(fd, r->buffer + r->used, r->capacity - r->used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return r->ended ? CONFINE_RETURNED : CONFINE_CUT;
        r->used += (size_t)got;
        if (!take_frames(r))
            return CONFINE_CUT;
    }
}

static void judge(struct confine_result *result, int status)
{
    if (result->end == CONFINE_TIMEOUT) {
        snprintf(result->text, sizeof result->text,
                 "stopped: the time allowed for the run is over");
    } else if (result->end == CONFINE_STOPPED) {
        snprintf(result->text, sizeof result->text, "stopped by a signal in the middle of a run");
    } else if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU)) {
        result->end = CONFINE_TIMEOUT;
        snprintf(result->text, sizeof result->text,
                 "stopped: the processor time allowed for the run is used up");
    } else if (WIFSIGNALED(status)) {
        result->signal = WTERMSIG(status);
        /* A parent that kills on nonsense has its own verdict already. */
        if (result->end != CONFINE_CUT || result->signal != SIGKILL)
            result->end = CONFINE_CRASHED;
        snprintf(result->text, sizeof result->text,
                 "the process that runs drivers ended by signal %d (%s)%s", result->signal,
                 strsignal(result->signal),
                 result->signal == SIGSYS ? ": a system call that is not allowed there" : "");
    } else if (result->end != CONFINE_RETURNED) {
        snprintf(result->text, sizeof result->text,
                 "the process that runs drivers ended without a result (status %d)",
                 WEXITSTATUS(status));
    }
}

int confine_run(const struct confine_options *options, int (*child)(void *, int), void *context,
                struct confine_result *result)
{
    int pipe_fd[2], status = 0;
    struct reception reception = {.options = options, .result = result};
    memset(result, 0, sizeof *result);
    if (pipe2(pipe_fd, O_CLOEXEC) != 0)
        return errno;
    fflush(NULL);
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) {
        const int error = errno;
        close(pipe_fd[0]);
        close(pipe_fd[1]);
        return error;
    }
    if (pid == 0) {
        close(pipe_fd[0]);
        run_child(options, child, context, pipe_fd[1], parent);
    }
    close(pipe_fd[1]);
    result->end = receive(&reception, pipe_fd[0]);
    if (result->end != CONFINE_RETURNED &&
        (result->end == CONFINE_TIMEOUT || result->end == CONFINE_STOPPED || reception.used != 0 ||
         reception.ended))
        kill(pid, SIGKILL);
    close(pipe_fd[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    free(reception.buffer);
    judge(result, status);
    return 0;
}
