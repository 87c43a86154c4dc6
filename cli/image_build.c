/* SPDX-License-Identifier: MIT */
/* Runs the compiler, the import library maker and the linker with the flags that a release driver
 * has. */
#include "cli/image_build.h"

#include "cli/exit_code.h"
#include "cli/header_case.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUILD_SOURCES 512
#define BUILD_WORDS   1024
#define HEADER_CASE   "headers.json" /* in the work folder */

struct tool {
    const char *program;
    const char *package;
};

static const struct tool compiler = {"clang-19", "clang-19"};
static const struct tool librarian = {"llvm-dlltool-19", "llvm-19"};
static const struct tool linker = {"lld-link-19", "lld-19"};

struct target {
    const char *name;
    const char *version; /* -DNTDDI_VERSION, unless the caller gives one */
    const char *subsystem;
};

static const struct target targets[] = {
    {"win8", "NTDDI_VERSION=0x06020000", "/subsystem:native,6.02"},
    {"win7", "NTDDI_VERSION=0x06010000", "/subsystem:native,6.01"},
};

static const char *const modules[] = {"ntoskrnl", "hal", "ndis", "netio", "fwpkclnt"};

/* What every image is linked with, from wdk/lib. */
static const char *const support[] = {"cookie.c", "wdmsec.c", "wfp_guids.c", "loadcfg.S",
                                      "memory.S"};

static const char *const compile_flags[] = {"-c",
                                            "--target=x86_64-pc-windows-msvc",
                                            "-fgnuc-version=12.0.0",
                                            "-std=gnu17",
                                            "-O2",
                                            "-g",
                                            "-gcodeview",
                                            "-gno-codeview-command-line",
                                            "-fms-extensions",
                                            "-ffreestanding",
                                            "-nostdlibinc",
                                            "-fno-strict-aliasing",
                                            "-fasynchronous-unwind-tables",
                                            "-fasync-exceptions",
                                            "-fstack-protector-strong",
                                            "-Xclang",
                                            "-cfguard",
                                            "-ffunction-sections",
                                            "-fdata-sections",
                                            "-fdebug-compilation-dir=.",
                                            "-D_AMD64_",
                                            "-D_WIN64",
                                            "-DSLUICE_IMAGE"};

static const char *const warn_flags[] = {"-Wall", "-Wno-unknown-pragmas", "-Wno-ignored-pragmas",
                                         "-Wno-nonportable-include-path", "-Wno-microsoft"};

/* What Microsoft's compiler lets pass: warnings (C4113, C4028, C4047) that are errors of clang, and
 * one variable that a header defines for several sources. Who says -Werror gets them as errors. */
static const char *const lenient_flags[] = {"-Wno-error=incompatible-function-pointer-types",
                                            "-Wno-error=int-conversion", "-fcommon"};

static const char *const link_flags[] = {"/nologo",
                                         "/driver",
                                         "/entry:GsDriverEntry",
                                         "/base:0x140000000",
                                         "/dynamicbase",
                                         "/nxcompat",
                                         "/highentropyva",
                                         "/guard:cf",
                                         "/tsaware:no",
                                         "/release",
                                         "/section:INIT,ERD",
                                         "/section:.text,ERP",
                                         "/section:PAGE,ER",
                                         "/section:.rdata,RP",
                                         "/section:.data,RWP",
                                         "/section:.pdata,RP",
                                         "/opt:ref",
                                         "/opt:noicf",
                                         "/debug",
                                         "/pdbsourcepath:.",
                                         "/nodefaultlib",
                                         "/Brepro"};

struct build {
    const struct image_build_options *options;
    FILE *err;
    char wdk[PATH_MAX];
    char work[PATH_MAX]; /* folder of objects; empty: not made */
    char *sources[BUILD_SOURCES];
    size_t source_count;
};

/* A growing list of words for one command; each word is owned. */
struct words {
    char *word[BUILD_WORDS + 1];
    size_t count;
    bool failed;
};

static void words_add(struct words *words, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void words_add(struct words *words, const char *format, ...)
{
    va_list list;
    char *word = NULL;
    va_start(list, format);
    if (words->count == BUILD_WORDS || vasprintf(&word, format, list) < 0)
        words->failed = true;
    else
        words->word[words->count++] = word;
    va_end(list);
}

static void words_add_all(struct words *words, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        words_add(words, "%s", list[i]);
}

static void words_free(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->word[i]);
    words->count = 0;
}

static int complain(struct build *build, int code, const char *what, const char *detail)
{
    fprintf(build->err, "sluice build: %s%s%s\n", what, detail != NULL ? ": " : "",
            detail != NULL ? detail : "");
    return code;
}

/* Runs TOOL in the work folder and takes the words; its messages go to the standard error. */
static int run(struct build *build, const struct tool *tool, struct words *words)
{
    posix_spawn_file_actions_t actions;
    pid_t child;
    int result, status = 0;

    if (words->failed) {
        result = complain(build, EXIT_ENVIRONMENT, "the command line is too long", NULL);
        goto out;
    }
    words->word[words->count] = NULL;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, build->work);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    result = posix_spawnp(&child, tool->program, &actions, NULL, words->word, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (result == ENOENT) {
        fprintf(build->err, "sluice build: %s is missing; it is in the Debian package %s\n",
                tool->program, tool->package);
        result = EXIT_ENVIRONMENT;
        goto out;
    }
    if (result != 0) {
        result = complain(build, EXIT_ENVIRONMENT, tool->program, strerror(result));
        goto out;
    }
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            result = complain(build, EXIT_ENVIRONMENT, tool->program, strerror(errno));
            goto out;
        }
    }
    if (WIFEXITED(status))
        result = WEXITSTATUS(status) == 0     ? EXIT_CLEAN
                 : WEXITSTATUS(status) == 127 ? EXIT_ENVIRONMENT
                                              : EXIT_USAGE;
    else
        result = complain(build, EXIT_ENVIRONMENT, tool->program, "was killed");
out:
    words_free(words);
    return result;
}

static bool is_source(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL && (strcmp(dot, ".c") == 0 || strcmp(dot, ".S") == 0);
}

static int add_source(struct build *build, const char *path)
{
    if (build->source_count == BUILD_SOURCES)
        return complain(build, EXIT_USAGE, "more than 512 sources", path);
    build->sources[build->source_count] = realpath(path, NULL);
    if (build->sources[build->source_count] == NULL)
        return complain(build, EXIT_USAGE, path, strerror(errno));
    build->source_count++;
    return EXIT_CLEAN;
}

static int source_filter(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && is_source(entry->d_name);
}

static int add_folder(struct build *build, const char *path)
{
    struct dirent **entries;
    int result = EXIT_CLEAN;
    int count = scandir(path, &entries, source_filter, alphasort);

    if (count < 0)
        return complain(build, EXIT_USAGE, path, strerror(errno));
    if (count == 0)
        result = complain(build, EXIT_USAGE, "no .c file in the folder", path);
    for (int i = 0; i < count; i++) {
        char name[PATH_MAX];
        if (result == EXIT_CLEAN) {
            if (snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name) >=
                (int)sizeof(name))
                result = complain(build, EXIT_USAGE, "name too long", path);
            else
                result = add_source(build, name);
        }
        free(entries[i]);
    }
    free(entries);
    return result;
}

static int find_sources(struct build *build)
{
    int result = EXIT_CLEAN;

    if (build->options->file_count == 0)
        return complain(build, EXIT_USAGE, "no source file given", NULL);
    for (size_t i = 0; i < build->options->file_count && result == EXIT_CLEAN; i++) {
        const char *path = build->options->files[i];
        struct stat status;
        if (stat(path, &status) != 0)
            result = complain(build, EXIT_USAGE, path, strerror(errno));
        else if (S_ISDIR(status.st_mode))
            result = add_folder(build, path);
        else if (is_source(path))
            result = add_source(build, path);
        else
            result = complain(build, EXIT_USAGE, "neither a .c nor a .S file", path);
    }
    return result;
}

static bool has_headers(struct build *build, const char *folder)
{
    char probe[PATH_MAX], real[PATH_MAX];
    if (folder == NULL || realpath(folder, real) == NULL ||
        snprintf(probe, sizeof(probe), "%s/wdm.h", real) >= (int)sizeof(probe) ||
        access(probe, R_OK) != 0)
        return false;
    memcpy(build->wdk, real, sizeof(real));
    return true;
}

/* The headers: said by the environment, installed beside the program, or where it was built. */
static int find_headers(struct build *build)
{
    char program[PATH_MAX], folder[PATH_MAX];
    const char *said = getenv("SLUICE_WDK");
    const char *from =
        build->options->program != NULL && strchr(build->options->program, '/') != NULL
            ? build->options->program
            : "/proc/self/exe";

    if (said != NULL)
        return has_headers(build, said)
                   ? EXIT_CLEAN
                   : complain(build, EXIT_ENVIRONMENT, "SLUICE_WDK has no wdm.h", said);
    if (realpath(from, program) != NULL) {
        *strrchr(program, '/') = '\0';
        if (snprintf(folder, sizeof(folder), "%s/../share/sluice/wdk", program) <
                (int)sizeof(folder) &&
            has_headers(build, folder))
            return EXIT_CLEAN;
    }
#ifdef SLUICE_WDK_DIR
    if (has_headers(build, SLUICE_WDK_DIR))
        return EXIT_CLEAN;
#endif
    return complain(
        build, EXIT_ENVIRONMENT,
        "the kernel headers (share/sluice/wdk) are not installed; SLUICE_WDK can name them", NULL);
}

static int make_work_folder(struct build *build)
{
    const char *where = getenv("TMPDIR");
    if (snprintf(build->work, sizeof(build->work), "%s/sluice-build-XXXXXX",
                 where != NULL ? where : "/tmp") >= (int)sizeof(build->work) ||
        mkdtemp(build->work) == NULL) {
        build->work[0] = '\0';
        return complain(build, EXIT_ENVIRONMENT, "cannot make a folder for objects",
                        strerror(errno));
    }
    return EXIT_CLEAN;
}

/* The folders where headers are looked for, for the sake of their case. */
static int list_headers(struct build *build)
{
    static const char *const parts[] = {"", "/crt", "/ndis", "/nt"};
    const struct image_build_options *options = build->options;
    char path[PATH_MAX + 16];
    struct words folders = {.count = 0};
    int result = EXIT_CLEAN;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        words_add(&folders, "%s%s", build->wdk, parts[i]);
    for (size_t i = 0; i < options->include_count; i++) {
        char real[PATH_MAX];
        if (realpath(options->includes[i], real) != NULL)
            words_add(&folders, "%s", real);
    }
    for (size_t i = 0; i < build->source_count; i++) {
        const char *source = build->sources[i];
        int length = (int)(strrchr(source, '/') - source);
        if (i == 0 || strncmp(source, build->sources[i - 1], (size_t)length + 1) != 0)
            words_add(&folders, "%.*s", length, source);
    }
    snprintf(path, sizeof(path), "%s/%s", build->work, HEADER_CASE);
    if (folders.failed)
        result = complain(build, EXIT_ENVIRONMENT, "too many folders", NULL);
    else if (!header_case_write(path, (const char *const *)folders.word, folders.count))
        result = complain(build, EXIT_ENVIRONMENT, path, strerror(errno));
    words_free(&folders);
    return result;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* Folders never reach the debug data: each becomes a name that is the same on every machine. */
static void add_prefix_maps(struct build *build, struct words *words, const char *source)
{
    const char *slash = strrchr(source, '/');
    char real[PATH_MAX];

    for (size_t i = 0; i < build->options->include_count; i++)
        if (realpath(build->options->includes[i], real) != NULL)
            words_add(words, "-ffile-prefix-map=%s=include%zu", real, i);
    words_add(words, "-ffile-prefix-map=%s=wdk", build->wdk);
    if (strncmp(source, build->wdk, strlen(build->wdk)) != 0)
        words_add(words, "-ffile-prefix-map=%.*s=src", (int)(slash - source), source);
}

static bool is_strict(const struct image_build_options *options)
{
    for (size_t i = 0; i < options->flag_count; i++)
        if (strcmp(options->flags[i], "error") == 0)
            return true;
    return false;
}

static int compile(struct build *build, const struct target *target, const char *source,
                   const char *object, bool ours)
{
    const struct image_build_options *options = build->options;
    struct words words = {.count = 0};
    bool versioned = false;

    words_add(&words, "%s", compiler.program);
    words_add_all(&words, compile_flags, sizeof(compile_flags) / sizeof(compile_flags[0]));
    words_add_all(&words, warn_flags, sizeof(warn_flags) / sizeof(warn_flags[0]));
    add_prefix_maps(build, &words, source);
    for (size_t i = 0; i < options->define_count; i++) {
        versioned |= strncmp(options->defines[i], "NTDDI_VERSION=", 14) == 0;
        words_add(&words, "-D%s", options->defines[i]);
    }
    if (!versioned)
        words_add(&words, "-D%s", target->version);
    for (size_t i = 0; i < options->include_count && !ours; i++) {
        char real[PATH_MAX];
        if (realpath(options->includes[i], real) == NULL) {
            words_free(&words);
            return complain(build, EXIT_USAGE, options->includes[i], strerror(errno));
        }
        words_add(&words, "-I%s", real);
    }
    words_add(&words, "-ivfsoverlay");
    words_add(&words, "%s", HEADER_CASE);
    words_add(&words, "-isystem");
    words_add(&words, "%s", build->wdk);
    words_add(&words, "-isystem");
    words_add(&words, "%s/crt", build->wdk);
    if (!ours && !is_strict(options))
        words_add_all(&words, lenient_flags, sizeof(lenient_flags) / sizeof(lenient_flags[0]));
    if (ours)
        words_add(&words, "-Werror");
    for (size_t i = 0; i < options->flag_count && !ours; i++)
        words_add(&words, "-W%s", options->flags[i]);
    words_add(&words, "-o");
    words_add(&words, "%s", object);
    words_add(&words, "%s", source);
    return run(build, &compiler, &words);
}

static int compile_all(struct build *build, const struct target *target)
{
    int result = EXIT_CLEAN;
    char object[64], source[PATH_MAX + 32];

    for (size_t i = 0; i < build->source_count && result == EXIT_CLEAN; i++) {
        snprintf(object, sizeof(object), "source%zu.obj", i);
        result = compile(build, target, build->sources[i], object, false);
    }
    for (size_t i = 0; i < sizeof(support) / sizeof(support[0]) && result == EXIT_CLEAN; i++) {
        snprintf(object, sizeof(object), "support%zu.obj", i);
        snprintf(source, sizeof(source), "%s/lib/%s", build->wdk, support[i]);
        result = compile(build, target, source, object, true);
    }
    return result;
}

static int make_import_libraries(struct build *build)
{
    int result = EXIT_CLEAN;

    for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]) && result == EXIT_CLEAN; i++) {
        struct words words = {.count = 0};
        words_add(&words, "%s", librarian.program);
        words_add(&words, "-m");
        words_add(&words, "i386:x86-64");
        words_add(&words, "-d");
        words_add(&words, "%s/def/%s.def", build->wdk, modules[i]);
        words_add(&words, "-l");
        words_add(&words, "%s.lib", modules[i]);
        result = run(build, &librarian, &words);
    }
    return result;
}

/* NAME of the output without folder and extension. */
static void output_stem(const struct build *build, char *stem, size_t size)
{
    const char *slash = strrchr(build->options->output, '/');
    const char *name = slash != NULL ? slash + 1 : build->options->output;
    const char *dot = strrchr(name, '.');
    snprintf(stem, size, "%.*s", dot != NULL ? (int)(dot - name) : (int)strlen(name), name);
}

static int link_image(struct build *build, const struct target *target)
{
    struct words words = {.count = 0};
    char stem[NAME_MAX + 1];

    output_stem(build, stem, sizeof(stem));
    words_add(&words, "%s", linker.program);
    words_add_all(&words, link_flags, sizeof(link_flags) / sizeof(link_flags[0]));
    words_add(&words, "%s", target->subsystem);
    words_add(&words, "/out:%s.sys", stem);
    words_add(&words, "/pdb:%s.pdb", stem);
    words_add(&words, "/pdbaltpath:%s.pdb", stem);
    for (size_t i = 0; i < build->source_count; i++)
        words_add(&words, "source%zu.obj", i);
    for (size_t i = 0; i < sizeof(support) / sizeof(support[0]); i++)
        words_add(&words, "support%zu.obj", i);
    for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
        words_add(&words, "%s.lib", modules[i]);
    return run(build, &linker, &words);
}

/* Copies FROM in the work folder to TO by way of a new name, so that a reader never sees half a
 * file. */
static int deliver(struct build *build, const char *from, const char *to)
{
    char source[PATH_MAX + NAME_MAX], part[PATH_MAX];
    char buffer[65536];
    size_t got = 0;
    FILE *in = NULL, *out = NULL;
    int result = EXIT_ENVIRONMENT;

    snprintf(source, sizeof(source), "%s/%s", build->work, from);
    if (snprintf(part, sizeof(part), "%s.part", to) >= (int)sizeof(part))
        return complain(build, EXIT_USAGE, "name too long", to);
    in = fopen(source, "rb");
    out = fopen(part, "wb");
    if (in == NULL || out == NULL)
        goto out;
    while ((got = fread(buffer, 1, sizeof(buffer), in)) > 0)
        if (fwrite(buffer, 1, got, out) != got)
            goto out;
    if (ferror(in))
        goto out;
    if (fclose(out) == 0 && rename(part, to) == 0)
        result = EXIT_CLEAN;
    out = NULL;
out:
    if (result != EXIT_CLEAN)
        complain(build, result, to, strerror(errno));
    if (in != NULL)
        fclose(in);
    if (out != NULL)
        fclose(out);
    if (result != EXIT_CLEAN)
        remove(part);
    return result;
}

static int deliver_all(struct build *build)
{
    char stem[NAME_MAX + 1], from[NAME_MAX + 8], to[PATH_MAX];
    const char *output = build->options->output;
    const char *slash = strrchr(output, '/');
    int result;

    output_stem(build, stem, sizeof(stem));
    snprintf(from, sizeof(from), "%s.pdb", stem);
    if (snprintf(to, sizeof(to), "%.*s%s.pdb", slash != NULL ? (int)(slash + 1 - output) : 0,
                 output, stem) >= (int)sizeof(to))
        return complain(build, EXIT_USAGE, "name too long", output);
    result = deliver(build, from, to);
    if (result == EXIT_CLEAN) {
        snprintf(from, sizeof(from), "%s.sys", stem);
        result = deliver(build, from, output);
    }
    return result;
}

static const struct target *find_target(const char *name)
{
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        if (name == NULL || strcmp(name, targets[i].name) == 0)
            return &targets[i];
    return NULL;
}

int image_build(const struct image_build_options *options, FILE *err)
{
    struct build build = {.options = options, .err = err};
    const struct target *target = find_target(options->target);
    int result;

    if (options->output == NULL || options->output[0] == '\0')
        return complain(&build, EXIT_USAGE, "no output file: say -o X.sys", NULL);
    if (target == NULL)
        return complain(&build, EXIT_USAGE, "unknown target, known are win7 and win8",
                        options->target);
    result = find_sources(&build);
    if (result == EXIT_CLEAN)
        result = find_headers(&build);
    if (result == EXIT_CLEAN)
        result = make_work_folder(&build);
    if (result == EXIT_CLEAN)
        result = list_headers(&build);
    if (result == EXIT_CLEAN)
        result = compile_all(&build, target);
    if (result == EXIT_CLEAN)
        result = make_import_libraries(&build);
    if (result == EXIT_CLEAN)
        result = link_image(&build, target);
    if (result == EXIT_CLEAN)
        result = deliver_all(&build);
    if (build.work[0] != '\0' && options->keep)
        fprintf(err, "sluice build: objects are in %s\n", build.work);
    else if (build.work[0] != '\0')
        nftw(build.work, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; i < build.source_count; i++)
        free(build.sources[i]);
    return result;
}
