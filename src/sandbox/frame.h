/* sandbox/frame.h - what a sandbox child says, in frames: a byte for the kind, four for the size
 * (little-endian), then the payload.
 *
 * The child reads its request, a JSON object, to the end of its standard input, and finds the
 * document at SANDBOX_INPUT_FD. It writes OUTPUT frames, then one last frame. A stream that ends
 * without a last frame means that the child broke.
 *
 * Threads: plain data.
 */
#ifndef SANDBOX_FRAME_H
#define SANDBOX_FRAME_H

#include "base/slice.h"

#include <stdint.h>

#define SANDBOX_INPUT_FD 3

#define FRAME_HEAD_BYTES 5

enum frame_kind {
    FRAME_OUTPUT = 'o',
    FRAME_RESULT = 'r',  /* the last: all went well; a JSON object */
    FRAME_FAILURE = 'f', /* the last: a byte with the status, then words */
};

static inline void
frame_head(unsigned char out[FRAME_HEAD_BYTES], enum frame_kind kind, uint32_t size)
{
    out[0] = (unsigned char)kind;
    for (int i = 0; i < 4; i++)
        out[1 + i] = (unsigned char)(size >> (8 * i));
}

static inline uint32_t
frame_size(const unsigned char head[FRAME_HEAD_BYTES])
{
    return head[1] | (uint32_t)head[2] << 8 | (uint32_t)head[3] << 16 | (uint32_t)head[4] << 24;
}

#endif
