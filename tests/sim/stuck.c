#include "stuck.h"

#include "commits.h"
#include "kin.h"
#include "world.h"

#include "engine/run.h"

#include <stdio.h>

static const char *const table_states[] = {"waiting", "opening", "open",
                                           "done",    "skipped", "failed"};

static void
describe_table(const struct table_run *table)
{
    fprintf(stderr, "    table \"%.*s\" %s: chunks read %u of %u%s",
            SLICE_FORMAT(value_slice(table->plan->name)), table_states[table->state],
            table->next_chunk, table->chunk_count, table->is_source_end ? "" : " so far");
    for (uint16_t s = 0; s < table->plan->stretch_count; s++) {
        const struct stretch_run *stretch = &table->stretches[s];
        fprintf(stderr, "; stretch %u %s, %u recorded, %zu ready", s,
                stretch->is_open ? "open" : "closed", stretch->recorded_count,
                stretch->ready.end - stretch->ready.begin);
    }
    if (table->only != NULL)
        fprintf(stderr, "; its item %s, %u calls open", table->only->is_away ? "away" : "here",
                table->only->calls_open);
    fputc('\n', stderr);
}

static void
describe_run(const struct run *run)
{
    char id[ID_HEX_BYTES];
    id_hex(&run->id, id);
    fprintf(stderr,
            "  run %s generation %u %s%s%s: %u away, %u chunks in the window, %u calls in flight, "
            "%u gates, %u + %u children%s%s%s\n",
            id, run->generation, run_state_name(run->state), run->is_leaving ? ", leaving" : "",
            run->is_finishing ? ", finishing" : "", run->away, run->window, run->calls_in_flight,
            run->gate_count, run->children_open, run->children_dormant,
            run->is_held ? ", held" : "",
            run->pace.waiting > 0 ? ", calls wait for a slot or their host" : "",
            run->calls_asleep != NULL ? ", calls asleep" : "");
    for (uint16_t t = 0; t < run->program->plan->table_count; t++)
        describe_table(&run->tables[t]);
    for (uint32_t t = 0; t < run->tap_count; t++) {
        const struct tap_run *tap = &run->taps[t];
        fprintf(stderr, "    tap %.*s%s%s: next chunk %u, %llu bytes, %u pieces held\n",
                SLICE_FORMAT(value_slice(tap->node->id)), tap->is_busy ? " busy" : "",
                tap->is_done ? " done" : "", tap->feed.next_chunk, (unsigned long long)tap->offset,
                tap->feed.held_count);
    }
}

static bool
describe_timer(const struct timer_row *row, void *context)
{
    const struct world *world = context;
    fprintf(stderr,
            "    timer of table \"%.*s\", chunk %u, stretch %u, generation %u: due in %lld ms\n",
            SLICE_FORMAT(row->table), row->chunk, row->stretch, row->generation,
            (long long)(row->due_unix_ms - world->clock.unix_us / 1000));
    return true;
}

static void
describe_story(const struct story *story)
{
    char id[ID_HEX_BYTES];
    id_hex(&story->run, id);
    fprintf(stderr, "  %s (%s): %s, generation %u %s%s%s%s\n", story->name, id,
            story->is_stored ? "stored" : "not stored", story->generation,
            run_state_name(story->state), story->is_asking ? ", has asked" : "",
            story->is_stopped ? ", stopped" : "", story->needs_resume ? ", needs a resume" : "");
    if (!run_state_is_ended(story->state))
        status_ignore(
            store_timer_list(story->world->store, &story->run, describe_timer, story->world));
}

static void
describe_kin(const struct kin *kin)
{
    char id[ID_HEX_BYTES];
    id_hex(&kin->run, id);
    if (!run_state_is_ended(kin->state))
        fprintf(stderr, "    below %s: %s, generation %u (for %u) %s\n", kin->story->name, id,
                kin->generation, kin->parent_generation, run_state_name(kin->state));
}

void
stuck_describe(const struct world *world)
{
    fprintf(stderr,
            "after %llu events, %.3f s, in process %u: %zu tasks, %zu + %zu + %zu intents, "
            "%zu reports, %zu exchanges\n",
            (unsigned long long)world->events, (double)world->clock.mono_us / 1e6, world->process,
            world->tasks.count, world->urgent.count, world->bulk.count, world->batch.count,
            world->reports.count, world->net.flights.count);
    for (size_t i = 0; i < world->story_count; i++)
        describe_story(&world->stories[i]);
    for (size_t i = 0; i < world->kin.count; i++)
        describe_kin(world->kin.items[i]);
    fprintf(stderr, "in memory: %u away of no run\n", world->engine->away);
    for (const struct run *run = world->engine->runs; run != NULL; run = run->next)
        describe_run(run);
}
