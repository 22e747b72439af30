/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Compiling rules. libyara can not be told to stop, so a thread compiles and this one waits: rules
 * that take too long are refused, and the process ends soon after. What a compiler needs of memory
 * is bounded by the worker; what it makes is bounded here.
 */
#include "config.h"

#include "yara_module.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mig/json.h>
#include <yara.h>

#define COMPILE_SECONDS 60
#define COMPILED_MAX (256u << 20)

struct work {
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool is_done;
    bool abandoned; /* the thread frees it */
    char *text;
    struct yara_defines defines;
    YR_RULES *rules;
    int code;
    unsigned errors;
    char message[512]; /* of the first */
};

static void
on_mistake(int level, const char *file, int line, const YR_RULE *rule, const char *message,
           void *context)
{
    struct work *work = context;

    (void)file;
    if (level != YARA_ERROR_LEVEL_ERROR || work->errors++ > 0)
        return;
    if (rule != NULL && rule->identifier != NULL)
        snprintf(work->message, sizeof(work->message), "line %d, rule %s: %s", line,
                 rule->identifier, message);
    else
        snprintf(work->message, sizeof(work->message), "line %d: %s", line, message);
}

static size_t
count_bytes(const void *bytes, size_t size, size_t count, void *context)
{
    uint64_t *total = context;

    (void)bytes;
    *total += (uint64_t)size * count;
    return count;
}

static void
check_size(struct work *work)
{
    uint64_t total = 0;
    YR_STREAM stream = {.user_data = &total, .write = count_bytes};

    if (yr_rules_save_stream(work->rules, &stream) != ERROR_SUCCESS || total <= COMPILED_MAX)
        return;
    snprintf(work->message, sizeof(work->message), "compiled they are %llu MiB, more than %u MiB",
             (unsigned long long)(total >> 20), COMPILED_MAX >> 20);
    yr_rules_destroy(work->rules);
    work->rules = NULL;
    work->code = -E2BIG;
}

static void
compile(struct work *work)
{
    YR_COMPILER *compiler = NULL;
    int code = yr_compiler_create(&compiler);

    if (code != ERROR_SUCCESS) {
        work->code = -ENOMEM;
        return;
    }
    yr_compiler_set_callback(compiler, on_mistake, work);
    yr_compiler_set_include_callback(compiler, NULL, NULL, NULL);
    if (yara_defines_compile(&work->defines, compiler) != ERROR_SUCCESS)
        work->code = -ENOMEM;
    else if (yr_compiler_add_string(compiler, work->text, NULL) > 0 || work->errors > 0)
        work->code = -EINVAL;
    else if (yr_compiler_get_rules(compiler, &work->rules) != ERROR_SUCCESS)
        work->code = -ENOMEM;
    else
        check_size(work);
    yr_compiler_destroy(compiler);
}

static void
work_free(struct work *work)
{
    pthread_cond_destroy(&work->done);
    pthread_mutex_destroy(&work->lock);
    free(work->text);
    yara_defines_fini(&work->defines);
    free(work);
}

static void *
work_thread(void *context)
{
    struct work *work = context;
    bool abandoned;

    compile(work);
    pthread_mutex_lock(&work->lock);
    work->is_done = true;
    abandoned = work->abandoned;
    pthread_cond_signal(&work->done);
    pthread_mutex_unlock(&work->lock);
    if (abandoned)
        work_free(work);
    return NULL;
}

/* False when the time is up. */
static bool
wait_for(const struct mig_host *host, struct work *work)
{
    struct timespec now, start;
    bool is_done;

    clock_gettime(CLOCK_MONOTONIC, &start);
    pthread_mutex_lock(&work->lock);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - start.tv_sec > COMPILE_SECONDS || host->cancelled(host))
            break;
        now.tv_nsec += 100000000;
        if (now.tv_nsec >= 1000000000) {
            now.tv_nsec -= 1000000000;
            now.tv_sec++;
        }
        if (!work->is_done)
            pthread_cond_timedwait(&work->done, &work->lock, &now);
    } while (!work->is_done);
    is_done = work->is_done;
    work->abandoned = !is_done;
    pthread_mutex_unlock(&work->lock);
    return is_done;
}

static struct work *
work_new(const char *text, struct yara_defines *defines)
{
    struct work *work = calloc(1, sizeof(*work));
    pthread_condattr_t clock;

    if (work == NULL)
        return NULL;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&work->lock, NULL);
    pthread_cond_init(&work->done, &clock);
    pthread_condattr_destroy(&clock);
    /* They outlive the caller when the thread is given up. */
    work->defines = *defines;
    *defines = (struct yara_defines){.count = 0};
    work->text = strdup(text);
    if (work->text == NULL) {
        work_free(work);
        return NULL;
    }
    return work;
}

static int
refuse(const struct mig_host *host, const struct work *work)
{
    if (work->code == -ENOMEM)
        return mig_refuse(host, -ENOMEM, "no memory to compile the rules");
    if (work->errors > 1)
        return mig_refuse(host, work->code, "yara rules: %s (the first of %u mistakes)",
                          work->message, work->errors);
    return mig_refuse(host, work->code, "yara rules: %s",
                      work->message[0] != '\0' ? work->message : "they can not be compiled");
}

int
yara_rules_compile(const struct mig_host *host, const char *text, struct yara_defines *defines,
                   struct YR_RULES **ret_rules)
{
    struct work *work = work_new(text, defines);
    pthread_t thread;
    int code;

    if (work == NULL)
        return mig_refuse(host, -ENOMEM, "no memory for the rules");
    code = pthread_create(&thread, NULL, work_thread, work);
    if (code != 0) {
        work_free(work);
        return mig_refuse(host, -code, "no thread to compile the rules: %s", strerror(code));
    }
    if (!wait_for(host, work)) {
        pthread_detach(thread);
        return mig_refuse(host, -ETIME, "yara rules: compiling them takes over %d seconds",
                          COMPILE_SECONDS);
    }
    pthread_join(thread, NULL);
    code = work->code;
    if (code < 0)
        refuse(host, work);
    else
        *ret_rules = work->rules;
    work_free(work);
    return code;
}
