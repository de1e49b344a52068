#include "service/secret_book.h"

#include "base/mem.h"

#include <pthread.h>
#include <string.h>

/* A list in each holds tens of thousands of secrets well enough. */
#define BUCKETS 4096

struct kept {
    struct kept *next;
    struct secret_entry entry; /* its bytes follow */
};

struct secret_book {
    pthread_mutex_t mutex;
    struct kept *buckets[BUCKETS];
};

struct secret_book *
secret_book_new(void)
{
    struct secret_book *book = mem_alloc(sizeof(*book));
    pthread_mutex_init(&book->mutex, NULL);
    return book;
}

void
secret_book_free(struct secret_book **book)
{
    if (*book == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++) {
        while ((*book)->buckets[i] != NULL) {
            struct kept *gone = (*book)->buckets[i];
            (*book)->buckets[i] = gone->next;
            mem_free(gone);
        }
    }
    pthread_mutex_destroy(&(*book)->mutex);
    mem_free(*book);
    *book = NULL;
}

/* FNV-1a: a workspace chooses its names, but has few of them. */
static struct kept **
bucket_of(struct secret_book *book, const struct id *workspace, struct slice name)
{
    uint32_t hash = UINT32_C(2166136261);
    for (size_t i = 0; i < ID_BYTES; i++)
        hash = (hash ^ workspace->bytes[i]) * UINT32_C(16777619);
    for (size_t i = 0; i < name.size; i++)
        hash = (hash ^ (unsigned char)name.ptr[i]) * UINT32_C(16777619);
    return &book->buckets[hash % BUCKETS];
}

static struct kept **
place_of(struct secret_book *book, const struct id *workspace, struct slice name)
{
    struct kept **place = bucket_of(book, workspace, name);
    while (*place != NULL && !(id_equal(&(*place)->entry.workspace, workspace) &&
                               slice_equal((*place)->entry.name, name)))
        place = &(*place)->next;
    return place;
}

static struct slice
copy_to(char **at, struct slice bytes)
{
    struct slice copy = slice_of(*at, bytes.size);
    memcpy(*at, bytes.ptr, bytes.size);
    *at += bytes.size;
    return copy;
}

static struct kept *
kept_new(const struct secret_entry *entry)
{
    size_t size = entry->name.size + entry->hosts.size + entry->sealed.size;
    struct kept *kept = mem_alloc(sizeof(*kept) + size);
    char *at = (char *)(kept + 1);
    kept->entry.workspace = entry->workspace;
    kept->entry.name = copy_to(&at, entry->name);
    kept->entry.hosts = copy_to(&at, entry->hosts);
    kept->entry.sealed = copy_to(&at, entry->sealed);
    return kept;
}

void
secret_book_put(struct secret_book *book, const struct secret_entry *entry)
{
    struct kept *kept = kept_new(entry);
    pthread_mutex_lock(&book->mutex);
    struct kept **place = place_of(book, &entry->workspace, entry->name);
    struct kept *old = *place;
    kept->next = old == NULL ? NULL : old->next;
    *place = kept;
    pthread_mutex_unlock(&book->mutex);
    mem_free(old);
}

void
secret_book_remove(struct secret_book *book, const struct id *workspace, struct slice name)
{
    pthread_mutex_lock(&book->mutex);
    struct kept **place = place_of(book, workspace, name);
    struct kept *old = *place;
    if (old != NULL)
        *place = old->next;
    pthread_mutex_unlock(&book->mutex);
    mem_free(old);
}

bool
secret_book_find(struct secret_book *book, const struct id *workspace, struct slice name,
                 struct arena *arena, struct secret_entry *out)
{
    pthread_mutex_lock(&book->mutex);
    const struct kept *kept = *place_of(book, workspace, name);
    if (kept != NULL)
        *out = (struct secret_entry){
            .workspace = *workspace,
            .name = arena_copy(arena, kept->entry.name),
            .hosts = arena_copy(arena, kept->entry.hosts),
            .sealed = arena_copy(arena, kept->entry.sealed),
        };
    pthread_mutex_unlock(&book->mutex);
    return kept != NULL && out->name.ptr != NULL && out->hosts.ptr != NULL &&
           out->sealed.ptr != NULL;
}
