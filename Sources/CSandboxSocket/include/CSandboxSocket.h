// What Swift cannot say cleanly: descriptors that travel in messages, and epoll's packed structures.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What came of reading or writing where -1 would be an error number: nothing now, or the other end is gone.
enum { SANDBOX_AGAIN = -1, SANDBOX_GONE = -2 };

/// One descriptor that is ready; a closed one counts as readable.
struct sandbox_ready {
  uint64_t tag;
  bool readable, writable;
};

/// A SOCK_SEQPACKET pair that no child inherits by itself. 0, or an errno.
int sandbox_socket_pair(int *first, int *second);
/// Bytes of one packet, 0 at the end of file, SANDBOX_AGAIN or SANDBOX_GONE. A descriptor that came along is in
/// `passed`, else -1.
long sandbox_receive(int socket, void *bytes, size_t size, int *passed);
/// Bytes read from a stream socket without waiting, 0 at the end of file, SANDBOX_AGAIN or SANDBOX_GONE.
long sandbox_read(int socket, void *bytes, size_t size);
/// Bytes sent without waiting (a packet: all of it), SANDBOX_AGAIN or SANDBOX_GONE.
long sandbox_write(int socket, const void *bytes, size_t size);
/// Whether so many bytes more leave at least half of the socket's buffer to packets that have to be sent.
bool sandbox_has_room(int socket, size_t size);

/// An epoll descriptor, or -1.
int sandbox_poll_open(void);
/// Watches a descriptor from now on.
bool sandbox_poll_add(int poll, int fd, uint64_t tag, bool readable, bool writable);
/// Watches it for something else.
bool sandbox_poll_change(int poll, int fd, uint64_t tag, bool readable, bool writable);
/// No longer watches it.
void sandbox_poll_remove(int poll, int fd);
/// How many are ready after at most so many milliseconds; -1 waits for ever.
int sandbox_poll_wait(int poll, struct sandbox_ready *ready, int count, int timeout_ms);

/// A descriptor that another thread wakes a poll with, or -1.
int sandbox_wake_open(void);
/// Makes it readable.
void sandbox_wake(int fd);
/// Makes it unreadable again.
void sandbox_wake_clear(int fd);

/// Runs `body` once on a thread of its own that takes no signals. 0, or an errno.
int sandbox_thread(void (*body)(void *), void *context);

/// Closes a descriptor.
void sandbox_close(int fd);
