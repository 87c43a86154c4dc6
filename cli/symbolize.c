/* SPDX-License-Identifier: MIT */
/* Names for driver code, asked of llvm-symbolizer as a child process: reading PDB files is its
 * business. It is bounded in memory, time and what it may say, for a .pdb may be hostile. */
#include "cli/symbolize.h"

#include "cli/function_start.h"

#include <ctype.h>
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
#define PLACE_TEXT   256
#define PLACES_MOST  256 /* of one finding; what a child sends is not to keep the parent busy */
#define WALL_MS      20000
#define CPU_SECONDS  10
#define MEMORY_LIMIT ((rlim_t)2 << 30)

static const char *const tools[] = {"llvm-symbolizer-19", "llvm-symbolizer"};

/* An address of the image in a text of the finding, and what it is asked as. */
struct place {
    json_t *text;
    size_t at, end; /* "service+0x1234" in it */
    uint32_t rva, begin;
    bool known;  /* begin is */
    bool behind; /* asked one byte before: a return address, whose call is what counts */
    bool kept;   /* the name is put behind the address, not in its place */
};

struct places {
    const char *service;
    struct function_starts starts;
    struct place list[PLACES_MOST];
    size_t count;
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
    /* It ends with the parent, which a terminal's signals only ask to end. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
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
    char object[600], addresses[PLACES_MOST][16];
    char *arguments[PLACES_MOST + 6];
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

/* Reads "service+0x1234 (fault)" at `at` of a text; false: there is none. */
static bool place_of(struct place *place, json_t *text, size_t at, const char *service,
                     const struct function_starts *starts)
{
    const char *string = json_string_value(text) + at;
    const size_t length = strlen(service);
    char *end;

    if (strncmp(string, service, length) != 0 || strncmp(string + length, "+0x", 3) != 0)
        return false;
    const unsigned long rva = strtoul(string + length + 1, &end, 16);
    if (end == string + length + 3 || rva == 0 || rva > UINT32_MAX)
        return false;
    *place = (struct place){
        .text = text, .at = at, .end = at + (size_t)(end - string), .rva = (uint32_t)rva};
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

/* "service!Function+0x1a [file.c @ 120]"; what is inlined there begins nowhere. False: it has no
 * name. */
static bool name_of(const json_t *symbol, const char *service, const struct place *place,
                    bool inlined, char *text, size_t size)
{
    const char *function = json_string_value(json_object_get(symbol, "FunctionName"));
    const char *file = json_string_value(json_object_get(symbol, "FileName"));
    const int line = (int)json_integer_value(json_object_get(symbol, "Line"));
    char offset[16] = "", source[96] = "";

    if (function == NULL || *function == '\0')
        return false;
    if (!inlined && place->known)
        snprintf(offset, sizeof(offset), "+0x%x", place->rva - place->begin);
    if (file != NULL && *file != '\0' && line > 0)
        snprintf(source, sizeof(source), " [%.64s @ %d]", base_name(file), line);
    snprintf(text, size, "%s!%.120s%s%s", service, function, offset, source);
    return true;
}

/* Appends a frame with its name, behind those for what is inlined there. False: it has none. */
static bool append_named(json_t *stack, const char *service, const struct place *place,
                         const json_t *symbols)
{
    const char *rest = json_string_value(place->text) + place->end;
    const size_t count = json_array_size(symbols);
    bool any = false;

    for (size_t i = 0; i < count && i < PLACES_MOST; i++) {
        const bool inlined = i + 1 != count;
        char name[PLACE_TEXT];
        if (!name_of(json_array_get(symbols, i), service, place, inlined, name, sizeof(name)))
            continue;
        json_array_append_new(stack, json_sprintf("%s%s", name, inlined ? " (inline)" : rest));
        any = true;
    }
    return any;
}

/* Names an address within a text: of functions inlined into one another, by the innermost, whose
 * line it is. */
static void name_within(const char *service, const struct place *place, const json_t *symbols)
{
    const char *string = json_string_value(place->text);
    char name[PLACE_TEXT];

    if (!name_of(json_array_get(symbols, 0), service, place, json_array_size(symbols) > 1, name,
                 sizeof(name)))
        return;
    json_t *named =
        place->kept ? json_sprintf("%.*s, %s%s", (int)place->end, string, name, string + place->end)
                    : json_sprintf("%.*s%s%s", (int)place->at, string, name, string + place->end);
    if (named != NULL)
        json_string_set(place->text, json_string_value(named));
    json_decref(named);
}

static bool is_part_of_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' || c == '!';
}

/* All addresses in a text; what is no text has none. */
static void take_text(struct places *places, json_t *text, bool kept)
{
    const char *string = json_string_value(text);
    const char *found = string;

    while (found != NULL && (found = strstr(found, places->service)) != NULL &&
           places->count < PLACES_MOST) {
        struct place *place = &places->list[places->count];
        const bool whole = found == string || !is_part_of_name(found[-1]);
        if (whole &&
            place_of(place, text, (size_t)(found - string), places->service, &places->starts)) {
            place->kept = kept;
            places->count++;
        }
        found++;
    }
}

static void take_events(struct places *places, const json_t *events)
{
    json_t *event;
    size_t index;

    json_array_foreach(events, index, event)
    {
        take_text(places, json_object_get(event, "where"), false);
        take_text(places, json_object_get(event, "detail"), false);
    }
}

static void take_frames(struct places *places, const json_t *frames)
{
    json_t *frame;
    size_t index;

    json_array_foreach(frames, index, frame)
    {
        if (places->count < PLACES_MOST && json_is_string(frame) &&
            place_of(&places->list[places->count], frame, 0, places->service, &places->starts))
            places->count++;
    }
}

/* `count` places are of the stack: the first ones. */
static json_t *named_stack(const struct places *places, size_t count, const json_t *before,
                           const json_t *answers)
{
    json_t *stack = json_array(), *frame;
    size_t next = 0, index;

    json_array_foreach(before, index, frame)
    {
        const bool ours = next < count && places->list[next].text == frame;
        if (!ours || !append_named(stack, places->service, &places->list[next],
                                   json_object_get(json_array_get(answers, next), "Symbol")))
            json_array_append(stack, frame);
        next += ours;
    }
    return stack;
}

/* All that llvm-symbolizer says of them, in their order; NULL: nothing, or not of each. */
static json_t *ask_places(const struct places *places, const char *image)
{
    json_t *answers = places->count != 0 ? ask_all(image, places->list, places->count) : NULL;

    if (json_array_size(answers) == places->count)
        return answers;
    json_decref(answers);
    return NULL;
}

/* The last first, so that what is before it in its text stays in its place. */
static void name_texts(const struct places *places, size_t first, const json_t *answers)
{
    for (size_t i = places->count; i-- > first;)
        name_within(places->service, &places->list[i],
                    json_object_get(json_array_get(answers, i), "Symbol"));
}

void symbolize_finding(json_t *finding, const char *image, const char *service)
{
    const json_t *before = json_object_get(finding, "stack");
    const char *rule = json_string_value(json_object_get(finding, "rule"));
    struct places places = {.service = service};
    json_t *text;
    size_t index;

    if (*service == '\0')
        return;
    function_starts_read(&places.starts, image);
    take_frames(&places, before);
    const size_t frames = places.count;
    /* --benign takes the address of a call that failed. */
    take_text(&places, json_object_get(finding, "detail"),
              rule != NULL && strcmp(rule, "R70") == 0);
    json_array_foreach(json_object_get(finding, "consequences"), index, text)
    {
        take_text(&places, text, false);
    }
    take_events(&places, json_object_get(finding, "history"));
    take_events(&places, json_object_get(finding, "others"));
    function_starts_clear(&places.starts);

    json_t *answers = ask_places(&places, image);
    if (answers != NULL) {
        if (frames != 0)
            json_object_set_new(finding, "stack", named_stack(&places, frames, before, answers));
        name_texts(&places, frames, answers);
    }
    json_decref(answers);
}

void symbolize_left(json_t *records, const char *image, const char *service)
{
    struct places places = {.service = service};
    json_t *record;
    size_t index;

    if (*service == '\0')
        return;
    function_starts_read(&places.starts, image);
    json_array_foreach(records, index, record)
    {
        take_text(&places, json_object_get(record, "who"), false);
    }
    function_starts_clear(&places.starts);

    json_t *answers = ask_places(&places, image);
    if (answers != NULL)
        name_texts(&places, 0, answers);
    json_decref(answers);
}
