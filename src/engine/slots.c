#include "engine/slots.h"

#include "engine/run.h"

#include <assert.h>

static void
stand_last(struct slots *slots, struct run *run)
{
    run->slot.previous = slots->last;
    if (slots->last == NULL)
        slots->first = run;
    else
        slots->last->slot.next = run;
    slots->last = run;
}

static void
stand_first(struct slots *slots, struct run *run)
{
    run->slot.next = slots->first;
    if (slots->first == NULL)
        slots->last = run;
    else
        slots->first->slot.previous = run;
    slots->first = run;
}

static void
stand_in_line(struct slots *slots, struct run *run)
{
    struct slot_turn *slot = &run->slot;
    slot->is_waiting = true;
    if (slot->turns > 0 && slot->turns < slot->weight) {
        stand_first(slots, run);
        return;
    }
    slot->turns = 0;
    stand_last(slots, run);
}

static void
leave_line(struct slots *slots, struct run *run)
{
    struct slot_turn *slot = &run->slot;
    if (slot->previous == NULL)
        slots->first = slot->next;
    else
        slot->previous->slot.next = slot->next;
    if (slot->next == NULL)
        slots->last = slot->previous;
    else
        slot->next->slot.previous = slot->previous;
    slot->next = slot->previous = NULL;
    slot->is_waiting = false;
}

static void
give_turns(struct slots *slots)
{
    while (slots->first != NULL && slots->taken + slots->turns < slots->most) {
        struct run *run = slots->first;
        leave_line(slots, run);
        run->slot.has_turn = true;
        slots->turns++;
        run_mark(run);
    }
}

bool
slots_may_take(struct slots *slots, struct run *run)
{
    if (run->slot.has_turn || slots->taken + slots->turns < slots->most)
        return true;
    if (!run->slot.is_waiting)
        stand_in_line(slots, run);
    return false;
}

void
slots_take(struct slots *slots, struct run *run)
{
    slots->taken++;
    if (!run->slot.has_turn)
        return;
    run->slot.has_turn = false;
    run->slot.turns++;
    slots->turns--;
}

void
slots_free(struct slots *slots)
{
    assert(slots->taken > 0);
    slots->taken--;
    give_turns(slots);
}

void
slots_pass(struct slots *slots, struct run *run)
{
    if (!run->slot.is_waiting)
        run->slot.turns = 0;
    if (!run->slot.has_turn)
        return;
    run->slot.has_turn = false;
    slots->turns--;
    give_turns(slots);
}

void
slots_leave(struct slots *slots, struct run *run)
{
    if (run->slot.is_waiting)
        leave_line(slots, run);
    slots_pass(slots, run);
}
