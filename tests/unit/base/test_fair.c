#include "base/fair.h"
#include "test.h"

#include <string.h>

/* Nodes with names, put into flows a and b of owner x and c of owner y. */
struct named {
    struct queue_node node;
    char name;
};

struct world {
    struct fair fair;
    struct fair_owner owners[2];
    struct fair_flow flows[3];
    struct named nodes[32];
    size_t count;
};

static void
world_init(struct world *world)
{
    *world = (struct world){0};
    for (size_t i = 0; i < 3; i++)
        world->flows[i].owner = &world->owners[i / 2];
}

static void
push(struct world *world, const char *names)
{
    for (; *names != '\0'; names++) {
        struct named *named = &world->nodes[world->count++];
        named->name = *names;
        fair_push(&world->fair, &world->flows[*names - 'a'], &named->node);
    }
}

static void
take(struct world *world, size_t most, const char *wanted)
{
    char got[33] = "";
    for (size_t i = 0; i < most; i++) {
        struct queue_node *node = fair_take(&world->fair);
        if (node == NULL)
            break;
        got[i] = ((struct named *)node)->name;
    }
    assert_string_equal(got, wanted);
}

static void
test_flows_take_turns(void **state)
{
    struct world world;
    world_init(&world);
    push(&world, "aaaabb");
    take(&world, 99, "ababaa");
    take(&world, 1, "");
}

static void
test_owners_take_turns_before_flows(void **state)
{
    struct world world;
    world_init(&world);
    push(&world, "aaabbbcccccc");
    take(&world, 99, "acbcacbcacbc");
}

static void
test_who_comes_late_waits_one_round(void **state)
{
    struct world world;
    world_init(&world);
    push(&world, "aaaaaaaa");
    take(&world, 3, "aaa");
    push(&world, "cc");
    take(&world, 99, "acacaaa");
}

static void
test_a_weight_gives_more_turns(void **state)
{
    struct world world;
    world_init(&world);
    world.owners[1].weight = 3;
    push(&world, "aaaacccccccc");
    take(&world, 99, "acccacccacca");
}

static void
test_a_flow_has_its_weight_within_its_owner(void **state)
{
    struct world world;
    world_init(&world);
    world.flows[1].weight = 3;
    push(&world, "aaaabbbbbbb");
    take(&world, 99, "abbbabbbaba");
    push(&world, "aabbbbcc");
    take(&world, 99, "acbcbbab");
    /* What is left of a turn is not kept for later. */
    push(&world, "b");
    take(&world, 1, "b");
    push(&world, "abbbb");
    take(&world, 99, "abbbb");
}

static void
test_a_round_goes_on_after_an_owner_was_empty(void **state)
{
    struct world world;
    world_init(&world);
    world.owners[1].weight = 3;
    push(&world, "ac");
    take(&world, 99, "ac");
    push(&world, "ccccaa");
    take(&world, 99,
         "ccca"
         "ca");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flows_take_turns),
        cmocka_unit_test(test_owners_take_turns_before_flows),
        cmocka_unit_test(test_who_comes_late_waits_one_round),
        cmocka_unit_test(test_a_weight_gives_more_turns),
        cmocka_unit_test(test_a_flow_has_its_weight_within_its_owner),
        cmocka_unit_test(test_a_round_goes_on_after_an_owner_was_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
