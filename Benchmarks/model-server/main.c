// An OpenAI-compatible model server that answers at once, so that what a benchmark measures lies in front of it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "server.h"

static const char *usage =
  "model-server [--port N] [--threads N] [--tokens N] [--interval-ms N] [--event-writes]\n"
  "             [--fail-percent N] [--tool-turns N]\n"
  "  --port N          on 127.0.0.1; 0, the default, takes a free one\n"
  "  --threads N       event loops that share the port (default 1)\n"
  "  --tokens N        in each answer (default 20)\n"
  "  --interval-ms N   between a stream's tokens, the first one included (default 0: all at once)\n"
  "  --event-writes    an unpaced stream leaves in a write for each event, not in one for all\n"
  "  --fail-percent N  of the requests fail before the first byte, by turns with 503 and a closed connection\n"
  "  --tool-turns N    a plain answer is a call of the tool 'calculator' until the prompt holds N results\n"
  "POST /v1/chat/completions, GET /v1/models /health /stats. Prints 'listening on 127.0.0.1:PORT'.\n";

static struct options parse(int count, char **arguments) {
  struct options options = {.threads = 1, .tokens = 20};
  for (int i = 1; i < count; i++) {
    const char *name = arguments[i];
    if (strcmp(name, "--event-writes") == 0)
      options.event_writes = true;
    else if (strcmp(name, "--port") == 0)
      options.port = (int)option_number(name, arguments[++i], 0, 65535);
    else if (strcmp(name, "--threads") == 0)
      options.threads = (int)option_number(name, arguments[++i], 1, 64);
    else if (strcmp(name, "--tokens") == 0)
      options.tokens = (int)option_number(name, arguments[++i], 1, TOKENS_MAX);
    else if (strcmp(name, "--interval-ms") == 0)
      options.interval_ns = option_number(name, arguments[++i], 0, 60000) * 1000000;
    else if (strcmp(name, "--fail-percent") == 0)
      options.fail_percent = (int)option_number(name, arguments[++i], 0, 100);
    else if (strcmp(name, "--tool-turns") == 0)
      options.tool_turns = (int)option_number(name, arguments[++i], 0, 10000);
    else {
      fprintf(stderr, "unknown option '%s'\n%s", name, usage);
      exit(2);
    }
  }
  return options;
}

// Every thread has a socket of its own on the same port; the kernel spreads the connections.
static int listen_on(int *port) {
  int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0 ||
      getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
    perror("cannot listen");
    exit(1);
  }
  *port = ntohs(address.sin_port);
  return fd;
}

static void *run(void *server) {
  server_run(server);
  return NULL;
}

int main(int count, char **arguments) {
  struct options options = parse(count, arguments);
  signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  struct answers answers;
  answers_make(&answers, options.tokens);
  struct server *servers = calloc((size_t)options.threads, sizeof *servers);
  if (!servers) abort();
  for (int i = 0; i < options.threads; i++)
    servers[i] = (struct server){
      .options = &options, .answers = &answers, .all = servers, .listener = listen_on(&options.port),
      // Ids of different threads never meet.
      .next_id = (uint64_t)i << 40};
  printf("listening on 127.0.0.1:%d\n", options.port);
  fflush(stdout);
  for (int i = 1; i < options.threads; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, &servers[i]) != 0) abort();
  }
  server_run(&servers[0]);
}
