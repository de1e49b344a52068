#include "net/client_shard.h"

#include "base/limits.h"
#include "base/mem.h"
#include "net/client_thread.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static int on_interest(CURL *easy, curl_socket_t fd, int what, void *context, void *unused);
static int on_timer(CURLM *multi, long timeout_ms, void *context);

static void
must(CURLMcode code)
{
    if (code == CURLM_OUT_OF_MEMORY)
        abort();
    assert(code == CURLM_OK);
}

static void
shard_open(struct shard *shard)
{
    CURLM *multi = curl_multi_init();
    if (multi == NULL)
        abort();
    must(curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_interest));
    must(curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, shard));
    must(curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer));
    must(curl_multi_setopt(multi, CURLMOPT_TIMERDATA, shard));
    /* Left alone, libcurl keeps four times as many connections as there are transfers just now, so
     * that every dip would close warm ones. */
    must(curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)HTTP_CLIENT_SHARD_CONNECTIONS + 6));
    if (shard->is_http2) {
        must(curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, SHARD_HTTP2_CONNECTIONS));
        must(curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, SHARD_HTTP2_STREAMS));
    }
    shard->multi = multi;
}

void
shard_close(struct shard *shard)
{
    assert(shard->running == 0);
    if (shard->multi == NULL)
        return;
    curl_multi_cleanup(shard->multi);
    shard->multi = NULL;
    shard->timer_us = INT64_MAX;
}

static struct slot *
slot_take(struct client_thread *thread)
{
    struct slot *slot = thread->free_slots;
    if (slot != NULL) {
        thread->free_slots = slot->next;
        thread->free_slot_count--;
        return slot;
    }
    slot = mem_alloc(sizeof(*slot));
    slot->easy = curl_easy_init();
    if (slot->easy == NULL)
        abort();
    curl_easy_setopt(slot->easy, CURLOPT_SHARE, thread->share);
    buffer_init(&slot->body, LIMIT_ANSWER_BYTES);
    return slot;
}

static void
slot_free(struct slot *slot)
{
    curl_easy_cleanup(slot->easy);
    buffer_done(&slot->body);
    mem_free(slot);
}

static void
slot_drop(struct client_thread *thread, struct slot *slot)
{
    if (thread->free_slot_count >= SLOT_FREE_MAX) {
        slot_free(slot);
        return;
    }
    size_t max_bytes = slot->body.max_bytes;
    if (slot->body.capacity > SLOT_BODY_KEPT_BYTES) {
        buffer_done(&slot->body);
        buffer_init(&slot->body, max_bytes);
    }
    slot->next = thread->free_slots;
    thread->free_slots = slot;
    thread->free_slot_count++;
}

void
shard_free_slots(struct client_thread *thread)
{
    while (thread->free_slots != NULL) {
        struct slot *slot = thread->free_slots;
        thread->free_slots = slot->next;
        slot_free(slot);
    }
    thread->free_slot_count = 0;
}

bool
shard_start(struct shard *shard, struct transfer *transfer)
{
    if (shard->multi == NULL)
        shard_open(shard);
    transfer->shard = shard;
    transfer->slot = slot_take(transfer->thread);
    if (!transfer_configure(transfer)) {
        slot_drop(transfer->thread, transfer->slot);
        transfer->slot = NULL;
        transfer->shard = NULL;
        return false;
    }
    must(curl_multi_add_handle(shard->multi, transfer->slot->easy));
    shard->running++;
    return true;
}

void
shard_stop(struct transfer *transfer)
{
    struct shard *shard = transfer->shard;
    must(curl_multi_remove_handle(shard->multi, transfer->slot->easy));
    slot_drop(transfer->thread, transfer->slot);
    transfer->slot = NULL;
    transfer->shard = NULL;
    shard->running--;
    shard->idle_since_us = transfer->thread->now_us;
}

static struct shard_socket *
socket_of(struct client_thread *thread, curl_socket_t fd)
{
    size_t index = (size_t)fd;
    if (index >= thread->socket_count) {
        size_t count = index < 64 ? 128 : 2 * index;
        thread->sockets = mem_resize(thread->sockets, count * sizeof(*thread->sockets));
        memset(thread->sockets + thread->socket_count, 0,
               (count - thread->socket_count) * sizeof(*thread->sockets));
        thread->socket_count = count;
    }
    return &thread->sockets[index];
}

static void
socket_watch(struct client_thread *thread, curl_socket_t fd, uint32_t events)
{
    struct shard_socket *sock = socket_of(thread, fd);
    struct epoll_event event = {.events = events, .data.fd = fd};
    int action = sock->watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (events == 0)
        action = EPOLL_CTL_DEL;
    int result = epoll_ctl(thread->epoll, action, fd, &event);
    /* A descriptor of libcurl's own may have been closed, and its number used again, unseen. */
    if (result != 0 && action == EPOLL_CTL_MOD && errno == ENOENT)
        result = epoll_ctl(thread->epoll, EPOLL_CTL_ADD, fd, &event);
    /* Without an event the transfer ends by its timeout. */
    sock->watched = result == 0 ? events : 0;
}

static int
on_interest(CURL *easy, curl_socket_t fd, int what, void *context, void *unused)
{
    struct shard *shard = context;
    struct shard_socket *sock = socket_of(shard->thread, fd);
    sock->shard = shard;
    sock->wanted = 0;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        sock->wanted |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        sock->wanted |= EPOLLOUT;
    if (sock->wanted != 0 && sock->wanted != sock->watched)
        socket_watch(shard->thread, fd, sock->wanted);
    if (sock->wanted == 0 && sock->watched != 0 && !sock->is_own)
        socket_watch(shard->thread, fd, 0);
    return 0;
}

static int
on_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct shard *shard = context;
    shard->timer_us =
        timeout_ms < 0 ? INT64_MAX : shard->thread->now_us + (int64_t)timeout_ms * 1000;
    return 0;
}

void
shard_on_event(struct client_thread *thread, int fd, uint32_t events)
{
    struct shard_socket *sock = socket_of(thread, fd);
    if (sock->wanted == 0 || sock->shard->multi == NULL) {
        /* The other side closed a kept connection, or sent what nobody asked for: libcurl notices
         * when it takes the connection up again. */
        if (sock->watched != 0)
            socket_watch(thread, fd, 0);
        return;
    }
    int mask = 0;
    if ((events & EPOLLIN) != 0)
        mask |= CURL_CSELECT_IN;
    if ((events & EPOLLOUT) != 0)
        mask |= CURL_CSELECT_OUT;
    if ((events & (EPOLLERR | EPOLLHUP)) != 0)
        mask |= CURL_CSELECT_ERR;
    int running = 0;
    must(curl_multi_socket_action(sock->shard->multi, fd, mask, &running));
}

void
shard_on_time(struct shard *shard)
{
    if (shard->multi == NULL || shard->timer_us > shard->thread->now_us)
        return;
    shard->timer_us = INT64_MAX;
    int running = 0;
    must(curl_multi_socket_action(shard->multi, CURL_SOCKET_TIMEOUT, 0, &running));
}

struct transfer *
shard_pop_ended(struct shard *shard, CURLcode *code)
{
    int left = 0;
    CURLMsg *message = NULL;
    if (shard->multi == NULL || shard->running == 0)
        return NULL;
    do {
        message = curl_multi_info_read(shard->multi, &left);
    } while (message != NULL && message->msg != CURLMSG_DONE);
    if (message == NULL)
        return NULL;
    char *transfer = NULL;
    *code = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    return (struct transfer *)(void *)transfer;
}

curl_socket_t
shard_open_socket(struct client_thread *thread, const struct curl_sockaddr *address)
{
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    *socket_of(thread, fd) = (struct shard_socket){.is_own = true};
    return fd;
}

int
shard_close_socket(void *thread, curl_socket_t fd)
{
    /* Closing takes it out of the epoll set too. */
    *socket_of(thread, fd) = (struct shard_socket){0};
    return close(fd);
}
