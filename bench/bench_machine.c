/* SPDX-License-Identifier: MIT */
/* From options to a machine with a driver. */
#include "bench/bench_machine.h"

#include "bench/rule_corpus.h"
#include "check/rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_switch(const char *value, bool *on)
{
    *on = strcmp(value, "on") == 0;
    return *on || strcmp(value, "off") == 0;
}

bool bench_options_parse(struct bench_options *options, int argc, char **argv)
{
    *options = (struct bench_options){.profile = "10", .checks = true};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strncmp(argv[i], "--", 2) != 0) {
            options->input = argv[i];
            continue;
        }
        if (strcmp(argv[i], "--driver") == 0)
            options->driver = value;
        else if (strcmp(argv[i], "--profile") == 0)
            options->profile = value;
        else if (strcmp(argv[i], "--mode") == 0)
            options->mode = value;
        else if (strcmp(argv[i], "--rules") == 0)
            options->rules = value;
        else if (strcmp(argv[i], "--batch") == 0)
            options->batch = (uint32_t)strtoul(value, NULL, 10);
        else if ((strcmp(argv[i], "--checks") != 0 || !parse_switch(value, &options->checks)) &&
                 (strcmp(argv[i], "--special-pool") != 0 ||
                  !parse_switch(value, &options->special_pool))) {
            fprintf(stderr, "%s: %s %s is no option\n", argv[0], argv[i], value);
            return false;
        }
        i++;
    }
    if (options->driver == NULL || options->driver[0] == '\0') {
        fprintf(stderr, "%s: --driver X.sys is missing\n", argv[0]);
        return false;
    }
    if (options->rules != NULL && options->mode == NULL) {
        fprintf(stderr, "%s: --rules wants --mode\n", argv[0]);
        return false;
    }
    return true;
}

static uint8_t *read_image(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long length;

    if (file == NULL) {
        fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    if (fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) > 0 &&
        fseek(file, 0, SEEK_SET) == 0) {
        bytes = malloc((size_t)length);
        *size = (size_t)length;
        if (bytes != NULL && fread(bytes, *size, 1, file) != 1) {
            free(bytes);
            bytes = NULL;
        }
    }
    if (bytes == NULL)
        fprintf(stderr, "bench: %s: cannot be read\n", path);
    fclose(file);
    return bytes;
}

bool bench_machine_rules(struct bench_machine *bench, const void *blob, size_t size)
{
    const NTSTATUS status = sluice_client_rules(bench->client, blob, size);

    if (!NT_SUCCESS(status))
        fprintf(stderr, "bench: the driver refuses the rules: 0x%08x\n", (unsigned)status);
    return NT_SUCCESS(status);
}

static bool load_rules(struct bench_machine *bench, const char *path)
{
    uint8_t *blob;
    size_t size;

    if (!rule_corpus_compile_file(path, &blob, &size))
        return false;
    const bool done = bench_machine_rules(bench, blob, size);
    free(blob);
    return done;
}

bool bench_machine_open(struct bench_machine *bench, const struct bench_options *options)
{
    const struct netio_profile *profile = netio_profile_find(options->profile);
    const char *settings[] = {bench->setting};
    struct machine_config config;
    struct machine_driver driver = {.name = "bench", .settings = settings};
    char text[256];

    memset(bench, 0, sizeof(*bench));
    if (profile == NULL) {
        fprintf(stderr, "bench: there is no profile %s\n", options->profile);
        return false;
    }
    bench->image = read_image(options->driver, &driver.size);
    if (bench->image == NULL)
        return false;
    driver.bytes = bench->image;
    machine_config_default(&config, profile);
    config.checks = options->checks;
    config.special_pool = options->special_pool;
    config.tcpip.batch = options->batch;
    if (options->mode != NULL) {
        driver.name = "sluice";
        driver.setting_count = 1;
        snprintf(bench->setting, sizeof(bench->setting), "Mode=%s", options->mode);
    }
    if (!machine_create(&bench->machine, &config)) {
        fprintf(stderr, "bench: out of memory\n");
        free(bench->image);
        return false;
    }
    if (machine_load(&bench->machine, &driver, text, sizeof(text)) != MACHINE_OK) {
        fprintf(stderr, "bench: %s on %s: %s\n", options->driver, options->profile, text);
        goto fail;
    }
    if (options->mode != NULL) {
        bench->client = sluice_client_open(&bench->machine);
        if (bench->client == NULL) {
            fprintf(stderr, "bench: %s has no device %s\n", options->driver, SLUICE_DEVICE_NAME);
            goto fail;
        }
        if (options->rules != NULL && !load_rules(bench, options->rules))
            goto fail;
    }
    return true;

fail:
    bench_machine_close(bench);
    return false;
}

bool bench_machine_unload(struct bench_machine *bench, size_t *errors)
{
    char text[256];

    sluice_client_close(bench->client);
    bench->client = NULL;
    enum machine_status status = machine_unload(&bench->machine, text, sizeof(text));
    if (status != MACHINE_OK)
        fprintf(stderr, "bench: %s\n", text);
    struct check_findings *findings = check_findings(bench->machine.check);
    *errors = check_findings_of(findings, CHECK_ERROR);
    for (size_t i = 0; i < findings->count; i++) {
        const struct check_finding *finding = findings->list[i];
        if (check_rule_severity(finding->rule) == CHECK_ERROR)
            fprintf(stderr, "bench: finding %s: %s\n", finding->rule->id, finding->rule->title);
    }
    return status == MACHINE_OK;
}

void bench_machine_close(struct bench_machine *bench)
{
    sluice_client_close(bench->client);
    machine_destroy(&bench->machine);
    free(bench->image);
    memset(bench, 0, sizeof(*bench));
}

/* "R42" is 42; 0: the name has no number. */
static unsigned rule_number(const struct check_rule *rule)
{
    return rule->id[0] == 'R' ? (unsigned)strtoul(rule->id + 1, NULL, 10) : 0;
}

/* Appends the rules that are outcomes, or that are not: "R01-R74,STACK". */
static void rule_ids(char *text, size_t size, bool outcomes)
{
    const struct check_rule *rule, *last = NULL;
    bool run = false; /* rules behind the last one named follow it without a gap */

    for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++) {
        if ((rule->confidence == CHECK_OUTCOME) != outcomes)
            continue;
        size_t used = strlen(text);
        const bool next =
            last != NULL && rule_number(last) != 0 && rule_number(rule) == rule_number(last) + 1;
        if (!next) {
            if (run)
                snprintf(text + used, size - used, "-%s,%s", last->id, rule->id);
            else
                snprintf(text + used, size - used, "%s%s", last != NULL ? "," : "", rule->id);
        }
        run = next;
        last = rule;
    }
    if (run)
        snprintf(text + strlen(text), size - strlen(text), "-%s", last->id);
}

void bench_checks_text(const struct bench_options *options, char *text, size_t size)
{
    snprintf(text, size, "outcomes(");
    rule_ids(text, size, true);
    snprintf(text + strlen(text), size - strlen(text), ")%s", options->checks ? "+rules(" : "");
    if (options->checks) {
        rule_ids(text, size, false);
        snprintf(text + strlen(text), size - strlen(text), ")");
    }
    if (options->special_pool)
        snprintf(text + strlen(text), size - strlen(text), "+special-pool");
}
