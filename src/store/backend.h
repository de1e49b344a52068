/* store/backend.h - what a store back end implements; only store/ and main include it.
 *
 * store/store.c has one wrapper per operation, where arguments are asserted and failures and time are
 * counted. A back end embeds struct store as its first member.
 *
 * Threads: as in store/store.h.
 */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include "store/store.h"

struct store_ops; /* the backend's author fills in the table, one function per operation */

struct store {
    const struct store_ops *ops;
};

#endif
