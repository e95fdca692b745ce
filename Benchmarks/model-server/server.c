#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "request.h"

enum { EVENTS = 512, READ_SIZE = 16 << 10, KEPT_CAPACITY = 256 << 10 };

struct connection {
  struct timer timer;  // first: a timer's address is its connection's
  struct server *server;
  struct buffer in, out;
  size_t sent;  // of `out`
  uint64_t id;
  int fd, tokens_sent;
  bool answering, streaming, with_usage, close, watches_write;
};

static void count(_Atomic uint64_t *counter) { atomic_fetch_add_explicit(counter, 1, memory_order_relaxed); }
static void change(_Atomic int64_t *gauge, int by) { atomic_fetch_add_explicit(gauge, by, memory_order_relaxed); }

static void connection_end(struct connection *connection) {
  struct server *server = connection->server;
  if (connection->answering) {
    count(&server->counters.disconnects_midway);
    change(&server->counters.active, -1);
  }
  change(&server->counters.connections, -1);
  timers_remove(&server->timers, &connection->timer);
  close(connection->fd);
  buffer_free(&connection->in);
  buffer_free(&connection->out);
  free(connection);
}

static void watch_write(struct connection *connection, bool on) {
  if (connection->watches_write == on) return;
  connection->watches_write = on;
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | (on ? EPOLLOUT : 0), .data.ptr = connection};
  epoll_ctl(connection->server->epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

// Sends what waits. False: the connection is gone and must not be touched again.
static bool flush(struct connection *connection) {
  while (connection->sent < connection->out.length) {
    ssize_t sent = send(connection->fd, connection->out.bytes + connection->sent,
                        connection->out.length - connection->sent, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) {
      watch_write(connection, true);
      return true;
    }
    if (sent < 0) {
      connection_end(connection);
      return false;
    }
    connection->sent += (size_t)sent;
  }
  connection->sent = connection->out.length = 0;
  watch_write(connection, false);
  if (!connection->answering || connection->streaming) return true;
  connection->answering = false;
  change(&connection->server->counters.active, -1);
  if (!connection->close) return true;
  connection_end(connection);
  return false;
}

// Puts the next part of a stream into `out`: a token, and with `tail` what follows the last one.
static void next_token(struct connection *connection) {
  const struct answers *answers = connection->server->answers;
  answers_append(&connection->out, &answers->token[connection->tokens_sent++], connection->id);
  if (connection->tokens_sent < answers->tokens) return;
  answers_append(&connection->out, &answers->finish, connection->id);
  if (connection->with_usage) answers_append(&connection->out, &answers->usage, connection->id);
  answers_append(&connection->out, &answers->done, connection->id);
  connection->streaming = false;
}

static bool start_stream(struct connection *connection) {
  struct server *server = connection->server;
  count(&server->counters.streams);
  if (!server->options->interval_ns && !server->options->event_writes) {
    answers_append(&connection->out, &server->answers->whole[connection->with_usage], connection->id);
    return flush(connection);
  }
  connection->streaming = true;
  connection->tokens_sent = 0;
  answers_append(&connection->out, &server->answers->head, connection->id);
  if (server->options->interval_ns) {
    timers_add(&server->timers, &connection->timer, now_ns() + server->options->interval_ns);
    return flush(connection);
  }
  while (connection->streaming) {
    if (!flush(connection)) return false;
    next_token(connection);
  }
  return flush(connection);
}

static void respond(struct connection *connection, const char *status, const char *body) {
  buffer_print(&connection->out, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n%s",
               status, strlen(body), connection->close ? "Connection: close\r\n" : "", body);
}

static void respond_stats(struct connection *connection) {
  uint64_t requests = 0, streams = 0, disconnects = 0;
  int64_t active = 0, connections = 0;
  for (int i = 0; i < connection->server->options->threads; i++) {
    struct counters *counters = &connection->server->all[i].counters;
    requests += counters->requests;
    streams += counters->streams;
    disconnects += counters->disconnects_midway;
    active += counters->active;
    connections += counters->connections;
  }
  char body[256];
  snprintf(body, sizeof body,
           "{\"requests\":%" PRIu64 ",\"streams\":%" PRIu64 ",\"active\":%" PRId64 ",\"connections\":%" PRId64
           ",\"disconnects_midway\":%" PRIu64 "}",
           requests, streams, active - 1, connections, disconnects);  // this answer itself is not counted
  respond(connection, "200 OK", body);
}

static bool is(const struct request *request, const char *method, const char *path) {
  return request->method_length == strlen(method) && memcmp(request->method, method, request->method_length) == 0 &&
         request->path_length == strlen(path) && memcmp(request->path, path, request->path_length) == 0;
}

// Fails before the first byte. False: the connection is gone.
static bool fail(struct connection *connection) {
  if (connection->id % 2) {
    connection_end(connection);
    return false;
  }
  respond(connection, "503 Service Unavailable", "{\"error\":{\"message\":\"failed on purpose\"}}");
  return flush(connection);
}

static int results_in(const struct request *request) {
  const char *at = request->body, *end = request->body + request->body_length, mark[] = "\"role\":\"tool\"";
  int results = 0;
  while ((at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1))) {
    results++;
    at += sizeof mark - 1;
  }
  return results;
}

static void respond_call(struct connection *connection) {
  char body[512];
  snprintf(body, sizeof body,
           "{\"id\":\"chatcmpl-call\",\"object\":\"chat.completion\",\"created\":1750000000,\"model\":\"bench-model\","
           "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":"
           "\"call_%" PRIu64 "\",\"type\":\"function\",\"function\":{\"name\":\"calculator\",\"arguments\":"
           "\"{\\\"expression\\\":\\\"1+1\\\"}\"}}]},\"finish_reason\":\"tool_calls\"}]}",
           connection->id);
  respond(connection, "200 OK", body);
}

static bool answer(struct connection *connection, const struct request *request) {
  struct server *server = connection->server;
  connection->answering = true;
  connection->close = request->close;
  change(&server->counters.active, 1);
  if (is(request, "POST", "/v1/chat/completions")) {
    count(&server->counters.requests);
    connection->id = server->next_id++;
    connection->with_usage = json_is_true(request->body, request->body_length, "\"include_usage\"");
    // Spread evenly, the same in every run.
    if ((int)(connection->id * 37 % 100) < server->options->fail_percent) return fail(connection);
    if (json_is_true(request->body, request->body_length, "\"stream\"")) return start_stream(connection);
    if (results_in(request) < server->options->tool_turns) {
      respond_call(connection);
      return flush(connection);
    }
    answers_append(&connection->out, &server->answers->plain, connection->id);
  } else if (is(request, "GET", "/v1/models")) {
    respond(connection, "200 OK",
            "{\"object\":\"list\",\"data\":[{\"id\":\"bench-model\",\"object\":\"model\",\"created\":1750000000,"
            "\"owned_by\":\"bench\"}]}");
  } else if (is(request, "GET", "/health")) {
    respond(connection, "200 OK", "{\"status\":\"ok\"}");
  } else if (is(request, "GET", "/stats")) {
    respond_stats(connection);
  } else {
    respond(connection, "404 Not Found",
            "{\"error\":{\"message\":\"no such path\",\"type\":\"invalid_request_error\"}}");
  }
  return flush(connection);
}

static bool refuse(struct connection *connection, enum request_state state) {
  connection->answering = connection->close = true;
  change(&connection->server->counters.active, 1);
  bool large = state == REQUEST_TOO_LARGE;
  respond(connection, large ? "413 Content Too Large" : "400 Bad Request",
          large ? "{\"error\":{\"message\":\"over 16 MiB\"}}"
                : "{\"error\":{\"message\":\"not an HTTP/1.1 request\"}}");
  return flush(connection);
}

// Answers the requests that are there, one at a time: the next waits until the one before has left.
static bool advance(struct connection *connection) {
  while (!connection->answering && connection->in.length > 0) {
    struct request request;
    enum request_state state = request_parse(connection->in.bytes, connection->in.length, &request);
    if (state == REQUEST_INCOMPLETE) return true;
    if (state != REQUEST_READY) {
      connection->in.length = 0;
      return refuse(connection, state);
    }
    if (!answer(connection, &request)) return false;
    buffer_drop(&connection->in, request.consumed);
    if (connection->in.length == 0 && connection->in.capacity > KEPT_CAPACITY) buffer_free(&connection->in);
  }
  return true;
}

static void readable(struct connection *connection) {
  buffer_reserve(&connection->in, READ_SIZE + 1);
  ssize_t received = recv(connection->fd, connection->in.bytes + connection->in.length, READ_SIZE, 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
  // A client that only closes its sending half counts as gone, too: none of the measured sides does so.
  if (received <= 0 || connection->in.length > REQUEST_HEAD_MAX + REQUEST_BODY_MAX) {
    connection_end(connection);
    return;
  }
  connection->in.length += (size_t)received;
  connection->in.bytes[connection->in.length] = 0;  // strtoul stops here
  advance(connection);
}

static void writable(struct connection *connection) {
  if (flush(connection)) advance(connection);
}

static void tick(struct server *server) {
  int64_t now = now_ns();
  for (struct timer *first; (first = timers_first(&server->timers)) && first->due_ns <= now;) {
    struct connection *connection = (struct connection *)first;
    int64_t due = first->due_ns;
    timers_remove(&server->timers, first);
    next_token(connection);
    // From the due time, not from now: a late tick does not make the stream longer.
    if (connection->streaming) timers_add(&server->timers, first, due + server->options->interval_ns);
    if (flush(connection)) advance(connection);
  }
}

static void accept_all(struct server *server) {
  int fd, on = 1;
  while ((fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) abort();
    connection->fd = fd;
    connection->server = server;
    change(&server->counters.connections, 1);
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = connection};
    epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

static int wait_ms(const struct server *server) {
  const struct timer *first = timers_first(&server->timers);
  if (!first) return -1;
  int64_t left = first->due_ns - now_ns();
  return left <= 0 ? 0 : (int)((left + 999999) / 1000000);
}

void server_run(struct server *server) {
  server->epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event events[EVENTS], listener = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->listener, &listener);
  for (;;) {
    int ready = epoll_wait(server->epoll, events, EVENTS, wait_ms(server));
    for (int i = 0; i < ready; i++) {
      struct connection *connection = events[i].data.ptr;
      if (!connection)
        accept_all(server);
      else if (events[i].events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        readable(connection);
      else
        writable(connection);
    }
    tick(server);
  }
}
