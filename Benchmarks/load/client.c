#include "client.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 512, FAILURES_SHOWN = 3 };

static void show(struct load *load, const char *what, const struct response *response) {
  if (load->shown++ >= FAILURES_SHOWN) return;
  int length = response ? (int)(response->kept.length < 300 ? response->kept.length : 300) : 0;
  fprintf(stderr, "load: %s (status %d, %d tokens) %.*s\n", what, response ? response->status : 0,
          response ? response->tokens : 0, length, length ? response->kept.bytes : "");
}

static void watch(struct load *load, struct connection *connection, uint32_t events, int operation) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  epoll_ctl(load->epoll, operation, connection->fd, &event);
}

static void disconnect(struct connection *connection) {
  if (connection->fd >= 0) close(connection->fd);
  connection->fd = -1;
  connection->state = STATE_CLOSED;
  connection->due_ns = 0;
}

static void fail(struct load *load, struct connection *connection, const char *what) {
  show(load, what, &connection->response);
  load->results.errors++;
  if (connection->state >= STATE_SENDING) load->open_requests--;
  disconnect(connection);
  load->reopen = true;
}

void begin_connect(struct load *load, struct connection *connection) {
  int on = 1;
  connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (connection->fd < 0) {
    fail(load, connection, strerror(errno));
    return;
  }
  setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  response_reset(&connection->response);
  connection->state = STATE_CONNECTING;
  connection->started_ns = now_ns();
  if (connect(connection->fd, (const struct sockaddr *)&load->options->address, sizeof load->options->address) != 0 &&
      errno != EINPROGRESS) {
    fail(load, connection, strerror(errno));
    return;
  }
  watch(load, connection, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
}

bool may_start(const struct load *load) {
  return !load->stopping && (load->options->count == 0 || load->started < load->options->count);
}

static void put_session(struct load *load, const struct connection *connection) {
  if (!load->options->session_at) return;
  char digits[32];
  long session = load->options->turns_per_session ? connection->turns / load->options->turns_per_session : 0;
  snprintf(digits, sizeof digits, "%06d%010ld", connection->number % 1000000, session % 10000000000);
  memcpy(load->request.bytes + load->options->session_at, digits, SESSION_DIGITS);
}

static void send_rest(struct load *load, struct connection *connection) {
  if (connection->sent == 0) put_session(load, connection);
  const struct buffer *request = &load->request;
  ssize_t sent = send(connection->fd, request->bytes + connection->sent, request->length - connection->sent,
                      MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    fail(load, connection, strerror(errno));
    return;
  }
  if (sent > 0) connection->sent += (size_t)sent;
  bool all = connection->sent == request->length;
  bool waited = connection->state == STATE_SENDING;
  connection->state = all ? STATE_RECEIVING : STATE_SENDING;
  if (all == waited) watch(load, connection, all ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

void begin_request(struct load *load, struct connection *connection) {
  connection->state = STATE_IDLE;
  connection->due_ns = 0;
  if (!may_start(load)) return;
  load->started++;
  load->open_requests++;
  // A paced stream's time includes the connection's; in the other modes connections stand before the clock starts.
  if (load->options->mode != MODE_PACED) connection->started_ns = now_ns();
  connection->sent = 0;
  response_reset(&connection->response);
  send_rest(load, connection);
  connection->turns++;
}

static void record(struct load *load, struct connection *connection, int64_t now) {
  const struct response *response = &connection->response;
  bool stream = load->options->mode != MODE_PLAIN;
  const char *fault = stream ? response_stream_fault(response, load->options->tokens)
                             : response_plain_fault(response, load->options->expect);
  load->last_ns = now;
  if (fault) {
    show(load, fault, response);
    if (response->status < 200 || response->status > 299)
      load->results.non_2xx++;
    else
      load->results.bad_answers++;
    return;
  }
  load->results.complete++;
  samples_add(&load->results.latency, now - connection->started_ns);
  if (!stream) return;
  samples_add(&load->results.first_token, response->first_token_ns - connection->started_ns);
  samples_add(&load->results.gap, response->longest_gap_ns);
}

static void answered(struct load *load, struct connection *connection, int64_t now) {
  bool close = connection->response.close;
  load->open_requests--;
  record(load, connection, now);
  if (load->options->mode == MODE_PACED) {
    disconnect(connection);
  } else if (close) {
    disconnect(connection);
    load->results.reconnects++;
    if (may_start(load)) begin_connect(load, connection);
  } else if (load->options->pause_ns > 0) {
    connection->state = STATE_IDLE;
    connection->due_ns = now + load->options->pause_ns;
  } else {
    begin_request(load, connection);
  }
}

static void receive(struct load *load, struct connection *connection) {
  ssize_t received = recv(connection->fd, load->input, READ_SIZE, 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (received <= 0 || connection->state != STATE_RECEIVING) {
    // A server may close a connection that rests; anything else cuts an answer short.
    if (connection->state == STATE_IDLE && received <= 0) disconnect(connection);
    else fail(load, connection, received < 0 ? strerror(errno) : "connection ended or spoke out of turn");
    return;
  }
  int64_t now = now_ns();
  size_t used = response_feed(&connection->response, load->input, (size_t)received, now);
  if (connection->response.malformed || used < (size_t)received)
    fail(load, connection, "malformed answer");
  else if (connection->response.phase == PHASE_COMPLETE)
    answered(load, connection, now);
}

static void connected(struct load *load, struct connection *connection) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error) {
    fail(load, connection, strerror(error));
    return;
  }
  watch(load, connection, EPOLLIN, EPOLL_CTL_MOD);
  if (load->start_ns || load->options->mode == MODE_PACED)
    begin_request(load, connection);
  else
    connection->state = STATE_IDLE;
}

void wait_once(struct load *load, int timeout_ms) {
  struct epoll_event events[EVENTS];
  int ready = epoll_wait(load->epoll, events, EVENTS, timeout_ms);
  for (int i = 0; i < ready; i++) {
    struct connection *connection = events[i].data.ptr;
    if (connection->state == STATE_CONNECTING)
      connected(load, connection);
    else if (connection->state == STATE_SENDING && !(events[i].events & EPOLLIN))
      send_rest(load, connection);
    else if (connection->state != STATE_CLOSED)
      receive(load, connection);
  }
}
