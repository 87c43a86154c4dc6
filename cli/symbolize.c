/* SPDX-License-Identifier: MIT */
/* Names for driver code, asked of llvm-symbolizer as a child process: reading PDB files is its
 * business. It is bounded in memory, time and what it may say, for a .pdb may be hostile. */
#include "cli/symbolize.h"

#include "cli/function_start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_SIZE  ((size_t)1 << 20)
#define FRAME_TEXT   256
#define FRAMES_MOST  128 /* of one finding; what a child sends is not to keep the parent busy */
#define WALL_MS      20000
#define CPU_SECONDS  10
#define MEMORY_LIMIT ((rlim_t)2 << 30)

static const char *const tools[] = {"llvm-symbolizer-19", "llvm-symbolizer"};

/* A frame of the image: where in the list it stands, its address, and what it is asked as. */
struct place {
    json_t *frame;
    uint32_t rva, begin;
    bool known;  /* begin is */
    bool behind; /* asked one byte before: a return address, whose call is what counts */
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static _Noreturn void run_tool(const char *tool, char *const arguments[], int out)
{
    const struct rlimit memory = {MEMORY_LIMIT, MEMORY_LIMIT}, cpu = {CPU_SECONDS, CPU_SECONDS};
    const struct rlimit none = {0, 0};
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(null, STDERR_FILENO) < 0)
        _exit(127);
    setrlimit(RLIMIT_AS, &memory);
    setrlimit(RLIMIT_CPU, &cpu);
    setrlimit(RLIMIT_FSIZE, &none);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(tool, arguments);
    _exit(127);
}

/* Reads until the tool is done; false when it takes too long or says too much. */
static bool listen_to(int fd, char *answer, size_t size)
{
    const uint64_t until = now_ms() + WALL_MS;
    size_t used = 0;

    while (used + 1 < size) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        const uint64_t now = now_ms();
        if (now >= until)
            return false;
        const int ready = poll(&poll_fd, 1, (int)(until - now));
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return false;
        const ssize_t got = read(fd, answer + used, size - 1 - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            answer[used] = '\0';
            return got == 0 && used != 0;
        }
        used += (size_t)got;
    }
    return false;
}

static bool ask(const char *tool, char *const arguments[], char *answer, size_t size)
{
    int pipe_fd[2], status = 0;

    if (pipe2(pipe_fd, O_CLOEXEC) != 0)
        return false;
    const pid_t pid = fork();
    if (pid == 0)
        run_tool(tool, arguments, pipe_fd[1]);
    close(pipe_fd[1]);
    const bool heard = pid > 0 && listen_to(pipe_fd[0], answer, size);
    close(pipe_fd[0]);
    if (pid > 0 && !heard)
        kill(pid, SIGKILL);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return heard && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* What is known of each place: a new reference to an array in their order, or NULL. */
static json_t *ask_all(const char *image, const struct place *places, size_t count)
{
    char object[600], addresses[FRAMES_MOST][16];
    char *arguments[FRAMES_MOST + 6];
    size_t used = 0;
    char *answer = malloc(ANSWER_SIZE);
    json_t *root = NULL;

    snprintf(object, sizeof(object), "--obj=%s", image);
    arguments[used++] = (char *)(uintptr_t)"llvm-symbolizer";
    arguments[used++] = (char *)(uintptr_t)"--relative-address";
    arguments[used++] = (char *)(uintptr_t)"--output-style=JSON";
    arguments[used++] = object;
    for (size_t i = 0; i < count; i++) {
        snprintf(addresses[i], sizeof(addresses[i]), "0x%x", places[i].rva - places[i].behind);
        arguments[used++] = addresses[i];
    }
    arguments[used] = NULL;
    for (size_t i = 0; answer != NULL && root == NULL && i < sizeof(tools) / sizeof(tools[0]);
         i++) {
        if (ask(tools[i], arguments, answer, ANSWER_SIZE))
            root = json_loads(answer, 0, NULL);
    }
    free(answer);
    return root;
}

/* The place of "service+0x1234 (fault) (role)"; false: it is no frame of the image. */
static bool place_of(struct place *place, json_t *frame, const char *service,
                     const struct function_starts *starts)
{
    const char *text = json_string_value(frame);
    const size_t length = strlen(service);
    char *end;

    if (text == NULL || strncmp(text, service, length) != 0 ||
        strncmp(text + length, "+0x", 3) != 0)
        return false;
    const unsigned long rva = strtoul(text + length + 1, &end, 16);
    if (end == text + length + 3 || rva == 0 || rva > UINT32_MAX)
        return false;
    *place = (struct place){.frame = frame, .rva = (uint32_t)rva};
    const bool exact = strncmp(end, " (fault)", 8) == 0;
    place->behind = !exact;
    place->known = function_start_of(starts, place->rva - place->behind, &place->begin);
    /* What was noted of a function itself, by its address, is where it begins, or in a leaf
     * function, which has no entry; a return address is neither, for what calls is no leaf. */
    uint32_t begin = place->rva;
    if (!exact && starts->count != 0 &&
        (!function_start_of(starts, place->rva, &begin) || begin == place->rva)) {
        place->behind = false;
        place->known = begin == place->rva;
        place->begin = begin;
    }
    return true;
}

static const char *base_name(const char *path)
{
    const char *base = path;

    for (const char *at = path; *at != '\0'; at++) {
        if (*at == '\\' || *at == '/')
            base = at + 1;
    }
    return base;
}

/* Appends "service!Function+0x1a [file.c @ 120] (role)" for a place, behind those for what is
 * inlined there, which begin nowhere. False: it has no name. */
static bool append_named(json_t *stack, const char *service, const struct place *place,
                         const json_t *symbols)
{
    const char *rest = strchr(json_string_value(place->frame), ' ');
    const size_t count = json_array_size(symbols);
    bool any = false;

    for (size_t i = 0; i < count && i < FRAMES_MOST; i++) {
        const json_t *symbol = json_array_get(symbols, i);
        const char *function = json_string_value(json_object_get(symbol, "FunctionName"));
        const char *file = json_string_value(json_object_get(symbol, "FileName"));
        const int line = (int)json_integer_value(json_object_get(symbol, "Line"));
        char offset[16] = "", source[96] = "", text[FRAME_TEXT];
        if (function == NULL || *function == '\0')
            continue;
        if (i + 1 == count && place->known)
            snprintf(offset, sizeof(offset), "+0x%x", place->rva - place->begin);
        if (file != NULL && *file != '\0' && line > 0)
            snprintf(source, sizeof(source), " [%.64s @ %d]", base_name(file), line);
        snprintf(text, sizeof(text), "%s!%.120s%s%s%s", service, function, offset, source,
                 i + 1 != count ? " (inline)"
                 : rest != NULL ? rest
                                : "");
        json_array_append_new(stack, json_string(text));
        any = true;
    }
    return any;
}

static void take_places(const json_t *frames, const char *service,
                        const struct function_starts *starts, struct place *places, size_t *count)
{
    json_t *frame;
    size_t index;

    json_array_foreach(frames, index, frame)
    {
        if (*count < FRAMES_MOST && place_of(&places[*count], frame, service, starts))
            ++*count;
    }
}

void symbolize_finding(json_t *finding, const char *image, const char *service)
{
    json_t *before = json_object_get(finding, "stack");
    struct function_starts starts;
    struct place places[FRAMES_MOST];
    size_t count = 0, next = 0, index;
    json_t *frame;

    function_starts_read(&starts, image);
    take_places(before, service, &starts, places, &count);
    function_starts_clear(&starts);
    json_t *answers = count != 0 ? ask_all(image, places, count) : NULL;
    if (json_array_size(answers) == count && count != 0) {
        json_t *stack = json_array();
        json_array_foreach(before, index, frame)
        {
            const bool ours = next < count && places[next].frame == frame;
            if (!ours || !append_named(stack, service, &places[next],
                                       json_object_get(json_array_get(answers, next), "Symbol")))
                json_array_append(stack, frame);
            next += ours;
        }
        json_object_set_new(finding, "stack", stack);
    }
    json_decref(answers);
}
