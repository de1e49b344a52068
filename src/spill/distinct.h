/* spill/distinct.h - a set of 16-byte hashes that may grow far beyond memory.
 *
 * It answers one question, exactly: was this hash added before? The hashes are shared out among 64
 * parts. A part keeps up to 3,072 of them in a table in memory; a full table and the part's runs up
 * to the first free size are merged into one sorted run in a file, twice as large as the largest of
 * them, as in counting with binary digits. A run keeps in memory 11 bits for each hash (a Bloom
 * filter, which sends about one in a hundred look-ups of what is not there to the file) and the
 * first hash of each block of 2 KiB.
 *
 * Memory: up to 4 MiB for the tables and half a megabyte while merging, as they are used; beyond
 * them 1.5 bytes a hash. On the disk: 16 bytes a hash, at most four times over. A call merges at
 * most 1/64 of what there is.
 *
 * Sources: O'Neil et al., "The Log-Structured Merge-Tree", 1996; Bentley and Saxe, "Decomposable
 *          searching problems", 1980 (doubling); Putze, Sanders and Singler, "Cache-, hash- and
 *          space-efficient Bloom filters", 2007 (one cache line a look-up).
 * Threads: one at a time; may be handed to another.
 */
#ifndef SPILL_DISTINCT_H
#define SPILL_DISTINCT_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define DISTINCT_HASH_BYTES 16

struct distinct;
struct spill_place;

/* Borrows the place. Ends with distinct_free(), at any time; after another status than OK and LIMIT
 * nothing else may be done with it. */
struct distinct *distinct_new(const struct spill_place *place);
void distinct_free(struct distinct **set);

/* *is_new: it was not there, and is now. LIMIT: it is new, and there are LIMIT_DISTINCT_HASHES
 * already. FULL, IO, NOT_FOUND and FORBIDDEN (the folder). */
MUST_USE enum status distinct_add(struct distinct *set, const uint8_t hash[DISTINCT_HASH_BYTES],
                                  bool *is_new, struct error *error);

/* Hashes in the set. */
uint64_t distinct_count(const struct distinct *set);

/* Bytes of memory that it holds now. */
uint64_t distinct_memory_bytes(const struct distinct *set);

#endif
