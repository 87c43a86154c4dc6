/* SPDX-License-Identifier: MIT */
/* Delta debugging (Zeller, Hildebrandt: "Simplifying and isolating failure-inducing input", IEEE
 * TSE 2002) over the steps of a script, then faults and neighbours, then words, then choices.
 * Whatever still shows the finding is kept, with the choices that were made in it: they belong to
 * the smaller script. */
#include "explore/shrink.h"
#include "explore/shrink_input.h"

#include "traffic/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_RUNS   5000
#define PROGRESS_EVERY 16
#define LINE_MOST      4096

struct shrinking {
    const struct shrink_config *config;
    struct shrink_outcome *outcome;
    struct run_plan plan; /* the smallest so far; script and decisions are not in it */
    char **lines;
    size_t count;
    struct sim_decisions decisions;
    bool decided; /* by the list; else by the seed */
    bool plain;
    uint64_t most_runs, trace_hash;
    bool no_memory;
};

struct witness {
    const struct shrink_config *config;
    bool seen;
};

static void look(void *context, const struct check_finding *finding)
{
    struct witness *witness = context;
    const struct shrink_config *config = witness->config;

    witness->seen |= strcmp(finding->rule->id, config->rule) == 0 && finding->tag == config->tag &&
                     finding->severity == config->severity &&
                     strcmp(finding->function, config->function) == 0;
}

static char *join(char *const *lines, size_t count)
{
    size_t length = 1, used = 0;

    for (size_t i = 0; i < count; i++)
        length += strlen(lines[i]) + 1;
    char *text = malloc(length);
    for (size_t i = 0; text != NULL && i < count; i++)
        used += (size_t)sprintf(text + used, "%s\n", lines[i]);
    if (text != NULL)
        text[used] = '\0';
    return text;
}

/* No more attempts. */
static bool is_over(struct shrinking *shrinking)
{
    const struct shrink_config *config = shrinking->config;
    struct shrink_outcome *outcome = shrinking->outcome;

    if (outcome->shown && !outcome->stopped && config->stop != NULL)
        outcome->stopped = config->stop(config->context);
    return outcome->stopped || outcome->runs >= shrinking->most_runs || shrinking->no_memory;
}

/* One attempt: these lines, with this plan and these choices. True when it shows the finding; then
 * it is the smallest. */
static bool shows(struct shrinking *shrinking, const struct run_plan *plan, char *const *lines,
                  size_t count, bool decided, const struct sim_decision *list, size_t list_count,
                  bool plain)
{
    const struct shrink_config *config = shrinking->config;
    struct run_config run = *config->run;
    struct witness witness = {.config = config};
    struct sim_decisions made = {0};
    struct run_result result;
    static const struct sim_decision none;

    if (is_over(shrinking))
        return false;
    char *script = join(lines, count);
    if (script == NULL) {
        shrinking->no_memory = true;
        return false;
    }
    if (shrinking->outcome->runs % PROGRESS_EVERY == 0 && config->progress != NULL)
        config->progress(config->context, shrinking->outcome->runs, shrinking->count,
                         shrinking->decisions.count);
    shrinking->outcome->runs++;
    run.plan = *plan;
    run.plan.script = script;
    run.plan.decisions = !decided ? NULL : list != NULL ? list : &none;
    run.plan.decision_count = decided ? list_count : 0;
    run.machine.tcpip.random_shapes = run.machine.tcpip.random_shapes && !plain;
    run.listener = (struct run_listener){0};
    run.judge = (struct run_judge){.context = &witness, .finding = look};
    run.record = &made;
    run_once(&run, &result);
    free(script);
    if (!witness.seen || made.no_memory) {
        sim_decisions_clear(&made);
        return false;
    }
    sim_decisions_clear(&shrinking->decisions);
    shrinking->decisions = made;
    shrinking->decided = decided;
    shrinking->plan = *plan;
    shrinking->plain = plain;
    shrinking->trace_hash = result.trace_hash;
    return true;
}

/* The same but for its lines. */
static bool shows_lines(struct shrinking *shrinking, char *const *lines, size_t count)
{
    const struct sim_decisions now = shrinking->decisions;
    const struct run_plan plan = shrinking->plan;

    return shows(shrinking, &plan, lines, count, shrinking->decided, now.list, now.count,
                 shrinking->plain);
}

static bool shows_plan(struct shrinking *shrinking, const struct run_plan *plan)
{
    const struct sim_decisions now = shrinking->decisions;

    return shows(shrinking, plan, shrinking->lines, shrinking->count, shrinking->decided, now.list,
                 now.count, shrinking->plain);
}

/* ---- steps ---- */

/* Tries without the lines from..from+length. */
static bool drop_lines(struct shrinking *shrinking, size_t from, size_t length)
{
    const size_t left = shrinking->count - length;
    char **lines = malloc((left + 1) * sizeof(*lines));

    if (lines == NULL) {
        shrinking->no_memory = true;
        return false;
    }
    memcpy(lines, shrinking->lines, from * sizeof(*lines));
    memcpy(lines + from, shrinking->lines + from + length, (left - from) * sizeof(*lines));
    const bool still = shows_lines(shrinking, lines, left);
    if (still) {
        for (size_t i = from; i < from + length; i++)
            free(shrinking->lines[i]);
        free(shrinking->lines);
        shrinking->lines = lines;
        shrinking->count = left;
    } else {
        free(lines);
    }
    return still;
}

/* Ever smaller stretches are left out; from the end, so that what a step needs goes after it. */
static bool fewer_steps(struct shrinking *shrinking)
{
    bool any = false;

    for (size_t length = (shrinking->count + 1) / 2; length != 0; length /= 2) {
        for (size_t end = shrinking->count; end != 0;) {
            const size_t part = end < length ? end : length;
            any |= drop_lines(shrinking, end - part, part);
            end -= part;
            if (end > shrinking->count)
                end = shrinking->count;
        }
    }
    return any;
}

/* ---- captures ---- */

static size_t frames_of(const struct run_plan *plan)
{
    size_t frames = 0;

    for (size_t i = 0; i < plan->input_count; i++) {
        struct shrink_pieces pieces;
        if (shrink_pieces_of(plan->inputs[i].bytes, plan->inputs[i].size, &pieces))
            frames += pieces.frames;
        free(pieces.list);
    }
    return frames;
}

/* Tries without the frames from..from+length of a capture. */
static bool drop_frames(struct shrinking *shrinking, size_t index,
                        const struct shrink_pieces *pieces, size_t from, size_t length)
{
    struct plan_input *inputs = shrinking->outcome->inputs;
    const struct plan_input before = inputs[index];
    const struct run_plan plan = shrinking->plan;
    uint8_t *left = shrink_without(before.bytes, pieces, from, length, &inputs[index].size);

    inputs[index].bytes = left;
    if (left != NULL && shows_plan(shrinking, &plan)) {
        free((void *)(uintptr_t)before.bytes);
        return true;
    }
    shrinking->no_memory |= left == NULL;
    free(left);
    inputs[index] = before;
    return false;
}

/* Ever smaller stretches of frames are left out, from the end. */
static void fewer_frames(struct shrinking *shrinking)
{
    for (size_t i = 0; i < shrinking->plan.input_count; i++) {
        const struct plan_input *input = &shrinking->outcome->inputs[i];
        struct shrink_pieces pieces;
        if (!shrink_pieces_of(input->bytes, input->size, &pieces))
            shrinking->no_memory = true;
        for (size_t length = (pieces.frames + 1) / 2; length != 0; length /= 2) {
            for (size_t end = pieces.frames; end != 0 && !shrinking->no_memory;) {
                const size_t part = end < length ? end : length;
                end -= part;
                if (!drop_frames(shrinking, i, &pieces, end, part))
                    continue;
                free(pieces.list);
                if (!shrink_pieces_of(input->bytes, input->size, &pieces))
                    shrinking->no_memory = true;
                if (end > pieces.frames)
                    end = pieces.frames;
            }
        }
        free(pieces.list);
    }
}

/* The captures, copied: they become smaller in place. */
static bool open_inputs(struct shrinking *shrinking)
{
    struct shrink_outcome *outcome = shrinking->outcome;
    const struct run_plan *plan = &shrinking->plan;

    outcome->inputs = calloc(plan->input_count + 1, sizeof(*outcome->inputs));
    if (outcome->inputs == NULL)
        return false;
    for (; outcome->input_count < plan->input_count; outcome->input_count++) {
        struct plan_input *input = &outcome->inputs[outcome->input_count];
        *input = plan->inputs[outcome->input_count];
        void *copy = malloc(input->size);
        if (copy == NULL)
            return false;
        memcpy(copy, input->bytes, input->size);
        input->bytes = copy;
    }
    shrinking->plan.inputs = outcome->inputs;
    return true;
}

/* ---- words ---- */

/* Tries another text in a line's place; takes the text over. */
static bool try_line(struct shrinking *shrinking, size_t index, const char *text)
{
    char *const old = shrinking->lines[index];
    char error[160];
    char *mine = strdup(text);
    struct traffic_script *parsed =
        mine != NULL ? traffic_script_parse(text, strlen(text), error, sizeof(error)) : NULL;
    const bool good = parsed != NULL && traffic_script_steps(parsed) == 1;

    traffic_script_free(parsed);
    if (good) {
        shrinking->lines[index] = mine;
        if (shows_lines(shrinking, shrinking->lines, shrinking->count)) {
            free(old);
            return true;
        }
        shrinking->lines[index] = old;
    }
    free(mine);
    return false;
}

/* Where word `number` of a line begins, and its length; false when there are not so many. Quoted
 * text is one word. */
static bool word_at(const char *line, size_t number, size_t *at, size_t *length)
{
    const char *c = line;

    for (;; number--) {
        c += strspn(c, " \t");
        const char *start = c;
        if (*c == '"') {
            for (c++; *c != '\0' && *c != '"'; c++)
                c += c[0] == '\\' && c[1] != '\0';
            c += *c == '"';
        } else {
            c += strcspn(c, " \t");
        }
        if (c == start)
            return false;
        if (number == 0) {
            *at = (size_t)(start - line);
            *length = (size_t)(c - start);
            return true;
        }
    }
}

/* A word less, two words less, or a smaller number. */
static bool simpler_word(struct shrinking *shrinking, size_t index, size_t number)
{
    char text[LINE_MOST];
    size_t at, length, next_at, next_length;
    const char *line = shrinking->lines[index];

    if (strlen(line) >= sizeof(text) - 32 || !word_at(line, number, &at, &length))
        return false;
    const size_t gap = strspn(line + at + length, " \t");
    snprintf(text, sizeof(text), "%.*s%s", (int)(gap != 0 ? at : at - 1), line,
             line + at + length + gap);
    if (number >= 2 && try_line(shrinking, index, text))
        return true;
    if (number >= 2 && word_at(line, number + 1, &next_at, &next_length)) {
        const char *rest = line + next_at + next_length;
        snprintf(text, sizeof(text), "%.*s%s", (int)(*rest != '\0' ? at : at - 1), line,
                 rest + strspn(rest, " \t"));
        if (try_line(shrinking, index, text))
            return true;
    }
    char *end;
    const unsigned long long value = strtoull(line + at, &end, 10);
    if (end == line + at || value <= 1)
        return false;
    const unsigned long long smaller[] = {1, value / 2, value - 1};
    for (size_t i = 0; i < sizeof(smaller) / sizeof(smaller[0]); i++) {
        if (smaller[i] == 0 || smaller[i] == value)
            continue;
        snprintf(text, sizeof(text), "%.*s%llu%s", (int)at, line, smaller[i], end);
        if (try_line(shrinking, index, text))
            return true;
    }
    return false;
}

static bool simpler_words(struct shrinking *shrinking)
{
    bool any = false;

    for (size_t i = 0; i < shrinking->count; i++) {
        size_t at, length;
        for (size_t number = 1; word_at(shrinking->lines[i], number, &at, &length);) {
            if (simpler_word(shrinking, i, number))
                any = true;
            else
                number++;
        }
    }
    return any;
}

/* ---- the plan ---- */

static void fewer_faults(struct shrinking *shrinking)
{
    for (size_t i = shrinking->plan.fault_count; i-- > 0;) {
        struct run_plan plan = shrinking->plan;
        memmove(&plan.faults[i], &plan.faults[i + 1],
                (plan.fault_count - i - 1) * sizeof(plan.faults[0]));
        plan.fault_count--;
        shows_plan(shrinking, &plan);
    }
    for (size_t i = shrinking->plan.neighbour_count; i-- > 0;) {
        struct run_plan plan = shrinking->plan;
        memmove(&plan.neighbours[i], &plan.neighbours[i + 1],
                (plan.neighbour_count - i - 1) * sizeof(plan.neighbours[0]));
        plan.neighbour_count--;
        shows_plan(shrinking, &plan);
    }
    if (shrinking->plan.faults_per_million != 0) {
        struct run_plan plan = shrinking->plan;
        plan.faults_per_million = 0;
        shows_plan(shrinking, &plan);
    }
    if (shrinking->plan.bfe_stopped) {
        struct run_plan plan = shrinking->plan;
        plan.bfe_stopped = false;
        shows_plan(shrinking, &plan);
    }
}

/* ---- choices ---- */

static size_t not_first(const struct sim_decisions *decisions)
{
    size_t count = 0;

    for (size_t i = 0; i < decisions->count; i++)
        count += decisions->list[i].chosen != 0;
    return count;
}

static bool shows_choices(struct shrinking *shrinking, const struct sim_decision *list,
                          size_t count)
{
    const struct run_plan plan = shrinking->plan;

    return shows(shrinking, &plan, shrinking->lines, shrinking->count, true, list, count,
                 shrinking->plain);
}

/* All choices the first possibility, and nothing switched. */
static bool no_choices(struct shrinking *shrinking)
{
    struct run_plan plan = shrinking->plan;

    plan.preempt_per_million = 0;
    plan.schedule = SIM_SCHEDULE_RANDOM;
    return shows(shrinking, &plan, shrinking->lines, shrinking->count, true, NULL, 0,
                 shrinking->plain);
}

static void plain_shapes(struct shrinking *shrinking)
{
    const struct sim_decisions now = shrinking->decisions;
    const struct run_plan plan = shrinking->plan;

    shows(shrinking, &plan, shrinking->lines, shrinking->count, shrinking->decided, now.list,
          now.count, true);
}

/* Ever smaller stretches of choices become the first possibility. */
static void fewer_choices(struct shrinking *shrinking)
{
    for (size_t length = shrinking->decisions.count; length != 0; length /= 2) {
        for (size_t end = shrinking->decisions.count; end != 0;) {
            const size_t part = end < length ? end : length;
            const size_t count = shrinking->decisions.count;
            struct sim_decision *list = malloc((count + 1) * sizeof(*list));
            bool changes = false;
            if (list == NULL) {
                shrinking->no_memory = true;
                return;
            }
            memcpy(list, shrinking->decisions.list, count * sizeof(*list));
            for (size_t i = end - part; i < end; i++) {
                changes |= list[i].chosen != 0;
                list[i].chosen = 0;
            }
            if (changes)
                shows_choices(shrinking, list, count);
            free(list);
            end -= part;
            if (end > shrinking->decisions.count)
                end = shrinking->decisions.count;
        }
    }
}

/* ---- the whole ---- */

/* The script as lines; unloading becomes a step of its own. */
static bool open_script(struct shrinking *shrinking, const struct traffic_script *script)
{
    const size_t steps = traffic_script_steps(script);
    const size_t unload = shrinking->plan.unload_step;
    static const char *const words[] = {"run", "unload"};

    shrinking->lines = calloc(steps + 3, sizeof(*shrinking->lines));
    for (size_t i = 0; shrinking->lines != NULL && i < steps; i++) {
        for (int word = shrinking->plan.unload_rested ? 0 : 1; i + 1 == unload && word < 2;
             word++) {
            char *line = strdup(words[word]);
            if (line == NULL)
                return false;
            shrinking->lines[shrinking->count++] = line;
        }
        char *line = strdup(traffic_script_text(script, i));
        if (line == NULL)
            return false;
        shrinking->lines[shrinking->count++] = line;
    }
    shrinking->plan.unload_step = 0;
    shrinking->plan.unload_rested = false;
    return shrinking->lines != NULL;
}

static struct shrink_size size_of(const struct shrinking *shrinking)
{
    return (struct shrink_size){
        .steps = shrinking->plan.input_count != 0 ? frames_of(&shrinking->plan) : shrinking->count,
        .faults = shrinking->plan.fault_count,
        .neighbours = shrinking->plan.neighbour_count,
        .choices = not_first(&shrinking->decisions),
    };
}

static void search(struct shrinking *shrinking)
{
    if (shrinking->plan.input_count != 0) {
        no_choices(shrinking);
        fewer_frames(shrinking);
        fewer_faults(shrinking);
        if (!no_choices(shrinking))
            fewer_choices(shrinking);
        return;
    }
    no_choices(shrinking);
    fewer_steps(shrinking);
    plain_shapes(shrinking);
    if (shrinking->decisions.count != 0)
        no_choices(shrinking);
    fewer_faults(shrinking);
    for (bool again = true; again && !is_over(shrinking);) {
        const bool simpler = simpler_words(shrinking);
        const bool fewer = fewer_steps(shrinking);
        again = simpler || fewer;
    }
    plain_shapes(shrinking);
    if (!no_choices(shrinking))
        fewer_choices(shrinking);
}

bool shrink_run(const struct shrink_config *config, struct shrink_outcome *outcome)
{
    const struct run_plan *plan = &config->run->plan;
    struct shrinking shrinking = {
        .config = config,
        .outcome = outcome,
        .plan = *plan,
        .most_runs = config->most_runs != 0 ? config->most_runs : DEFAULT_RUNS,
    };
    char error[160];
    struct traffic_script *script =
        traffic_script_parse(plan->script, strlen(plan->script), error, sizeof(error));

    memset(outcome, 0, sizeof(*outcome));
    if (script == NULL || !open_script(&shrinking, script) || !open_inputs(&shrinking)) {
        shrinking.no_memory = true;
        goto done;
    }
    const struct run_plan start = shrinking.plan;
    if (!shows(&shrinking, &start, shrinking.lines, shrinking.count, plan->decisions != NULL,
               plan->decisions, plan->decision_count, false))
        goto done;
    outcome->shown = true;
    outcome->before = size_of(&shrinking);
    search(&shrinking);
    outcome->exhausted = outcome->runs >= shrinking.most_runs;
    outcome->after = size_of(&shrinking);
    outcome->script = join(shrinking.lines, shrinking.count);
    shrinking.no_memory |= outcome->script == NULL;
    outcome->decisions = shrinking.decisions;
    shrinking.decisions = (struct sim_decisions){0};
    outcome->plan = shrinking.plan;
    outcome->plan.script = outcome->script;
    outcome->plan.decisions = outcome->decisions.list;
    outcome->plan.decision_count = outcome->decisions.count;
    outcome->plain = shrinking.plain;
    outcome->trace_hash = shrinking.trace_hash;

done:
    traffic_script_free(script);
    for (size_t i = 0; i < shrinking.count; i++)
        free(shrinking.lines[i]);
    free(shrinking.lines);
    sim_decisions_clear(&shrinking.decisions);
    return !shrinking.no_memory;
}

void shrink_clear(struct shrink_outcome *outcome)
{
    free(outcome->script);
    for (size_t i = 0; i < outcome->input_count; i++)
        free((void *)(uintptr_t)outcome->inputs[i].bytes);
    free(outcome->inputs);
    sim_decisions_clear(&outcome->decisions);
    memset(outcome, 0, sizeof(*outcome));
}
