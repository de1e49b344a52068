/* Lives of the engine, each from a seed; README.md says how to read a failure.
 *
 * test_sim [--seeds N] [--seed S] [--scene NAME] [--verbose]
 * test_sim --scene NAME --undisturbed N
 *
 * Without --seed: the seeds of seeds.txt, then 1 to N. They run in a child process, so that a seed
 * which kills it fails alone. The second form prints what comes of a scene after N generations.
 */
#include "expected.h"
#include "life.h"
#include "outcome.h"
#include "scenes.h"

#include "base/log.h"
#include "base/status.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEEDS_DEFAULT 400
#define KEPT_SEEDS_MAX 1000
#define FAILURES_SHOWN 10

struct plan_of_seeds {
    uint64_t kept[KEPT_SEEDS_MAX];
    size_t kept_count;
    uint64_t fresh_count; /* 1 to this */
    const struct scene *only;
};

/* Shared with the child. */
struct progress {
    size_t next; /* index of the seed after the one under way */
    uint64_t seed;
    unsigned passed, failed;
    struct life_totals totals;
};

static void
read_kept(struct plan_of_seeds *plan, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return;
    char line[256];
    while (fgets(line, sizeof(line), file) != NULL && plan->kept_count < KEPT_SEEDS_MAX) {
        char *end = NULL;
        unsigned long long seed = strtoull(line, &end, 10);
        if (end != line && seed != 0)
            plan->kept[plan->kept_count++] = seed;
    }
    fclose(file);
}

static uint64_t
seed_at(const struct plan_of_seeds *plan, size_t index)
{
    return index < plan->kept_count ? plan->kept[index] : index - plan->kept_count + 1;
}

static void
run_seeds(const struct plan_of_seeds *plan, struct progress *progress)
{
    size_t count = plan->kept_count + plan->fresh_count;
    if (progress->next == 0)
        expected_check(&progress->passed, &progress->failed);
    while (progress->next < count && progress->failed < FAILURES_SHOWN) {
        progress->seed = seed_at(plan, progress->next++);
        struct life_options options = {
            .seed = progress->seed, .only = plan->only, .totals = &progress->totals};
        if (life_run(&options))
            progress->passed++;
        else
            progress->failed++;
    }
    outcome_forget_all();
}

/* True: the child came to its end. */
static bool
run_child(const struct plan_of_seeds *plan, struct progress *progress)
{
    fflush(NULL);
    pid_t child = fork();
    assert(child >= 0);
    if (child == 0) {
        run_seeds(plan, progress);
        exit(0);
    }
    int how = 0;
    waitpid(child, &how, 0);
    return WIFEXITED(how) && WEXITSTATUS(how) == 0;
}

static void
run_all(const struct plan_of_seeds *plan, struct progress *progress)
{
    size_t count = plan->kept_count + plan->fresh_count;
    while (!run_child(plan, progress)) {
        progress->failed++;
        fprintf(stderr, "seed %llu%s: the process died\n", (unsigned long long)progress->seed,
                progress->next >= count ? ", or behind the last" : "");
        if (progress->failed >= FAILURES_SHOWN || progress->next >= count)
            return;
    }
}

static void
print_totals(const struct life_totals *totals)
{
    printf("%llu events, %llu deaths, %llu stops; %llu calls, %llu of them after a lost answer\n",
           (unsigned long long)totals->events, (unsigned long long)totals->deaths,
           (unsigned long long)totals->stops, (unsigned long long)totals->calls,
           (unsigned long long)totals->repeats);
    printf("%llu commits failed, %llu intents were refused; the disk was full %llu times, "
           "%llu files torn, %llu vanished\n",
           (unsigned long long)totals->commit_faults, (unsigned long long)totals->refusals,
           (unsigned long long)totals->disk_full, (unsigned long long)totals->torn,
           (unsigned long long)totals->vanished);
    printf("%llu retries, %llu cancels, %llu pauses\n", (unsigned long long)totals->retries,
           (unsigned long long)totals->cancels, (unsigned long long)totals->pauses);
}

static bool
run_many(const struct plan_of_seeds *plan)
{
    struct progress *progress =
        mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert(progress != MAP_FAILED);
    run_all(plan, progress);
    if (progress->failed > 0)
        printf("replay a life with: ./dev test sim --seed SEED [--verbose]\n");
    print_totals(&progress->totals);
    printf("%u passed, %u failed\n", progress->passed, progress->failed);
    bool is_ok = progress->failed == 0 && progress->passed > 0;
    munmap(progress, sizeof(*progress));
    return is_ok;
}

static bool
run_one(struct life_options *options)
{
    struct life_totals totals = {0};
    options->totals = &totals;
    bool is_ok = life_run(options);
    outcome_forget_all();
    print_totals(&totals);
    printf("%d passed, %d failed\n", is_ok, !is_ok);
    return is_ok;
}

static bool
print_undisturbed(const struct scene *scene, unsigned generations)
{
    const struct outcome *outcome = outcome_undisturbed(scene, generations);
    printf("%.*s", SLICE_FORMAT(buffer_slice(&outcome->text)));
    outcome_forget_all();
    return true;
}

struct wanted {
    struct life_options one;
    unsigned undisturbed; /* generations to print; 0: none */
};

static bool
parse(int count, char **arguments, struct wanted *wanted, struct plan_of_seeds *plan)
{
    struct life_options *one = &wanted->one;
    for (int i = 1; i < count; i++) {
        const char *value = i + 1 < count ? arguments[i + 1] : "";
        if (strcmp(arguments[i], "--verbose") == 0) {
            one->is_verbose = true;
            continue;
        }
        if (strcmp(arguments[i], "--seed") == 0)
            one->seed = strtoull(value, NULL, 10);
        else if (strcmp(arguments[i], "--seeds") == 0)
            plan->fresh_count = strtoull(value, NULL, 10);
        else if (strcmp(arguments[i], "--undisturbed") == 0)
            wanted->undisturbed = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(arguments[i], "--scene") != 0 || (one->only = scene_find(value)) == NULL)
            return false;
        i++;
    }
    plan->only = one->only;
    return wanted->undisturbed == 0 || one->only != NULL;
}

static bool
run_wanted(struct wanted *wanted, const struct plan_of_seeds *plan)
{
    if (wanted->undisturbed > 0)
        return print_undisturbed(wanted->one.only, wanted->undisturbed);
    return wanted->one.seed != 0 ? run_one(&wanted->one) : run_many(plan);
}

int
main(int count, char **arguments)
{
    static struct plan_of_seeds plan = {.fresh_count = SEEDS_DEFAULT};
    struct wanted wanted = {.undisturbed = 0};
    if (!parse(count, arguments, &wanted, &plan)) {
        fprintf(stderr, "usage: test_sim [--seeds N] [--seed S] [--scene NAME] [--verbose]\n"
                        "       test_sim --scene NAME --undisturbed GENERATIONS\n");
        return 2;
    }
    /* A life full of crashes has much to say. */
    log_configure(wanted.one.is_verbose ? LOG_INFO : LOG_NOTHING, false);
    scenes_prepare();
    read_kept(&plan, SEEDS_FILE);
    bool is_ok = run_wanted(&wanted, &plan);
    scenes_remove();
    return is_ok ? 0 : 1;
}
