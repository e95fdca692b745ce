// The load generator of the HTTP benchmarks: every side is measured with the same requests by the same client.
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

static const char *usage =
  "load --url http://127.0.0.1:PORT/PATH --body FILE [options]\n"
  "  --mode plain|stream|paced   paced: each connection reads one stream, started over the ramp (default plain)\n"
  "  --connections N             (default 1)\n"
  "  --seconds N | --count N     how long, or how many requests (default 2 seconds; not for paced)\n"
  "  --header 'NAME: VALUE'      may be repeated\n"
  "  --expect TEXT               must be in each plain answer\n"
  "  --tokens N                  events with text that a stream must have (default: one or more)\n"
  "  --turns-per-session N       the body's @SESSION-NUMBER@ changes after so many requests of a connection\n"
  "                              (default 0: one session a connection)\n"
  "  --pause-ms N                between an answer and the next request of a connection (default 0)\n"
  "  --ramp-ms N                 (default 1000)\n"
  "  --timeout-seconds N         for answers under way at the end, or for all paced streams (default 30)\n"
  "Prints one JSON line; ends with 1 when an answer was wrong or missing, or none came.\n";

struct input {
  char *url, *body;
  struct buffer headers;
};

static void complain(const char *what, const char *value) {
  fprintf(stderr, "%s '%s'\n%s", what, value ? value : "", usage);
  exit(2);
}

static enum mode parse_mode(const char *name) {
  static const char *const names[] = {"plain", "stream", "paced"};
  for (int i = 0; i < 3; i++)
    if (name && strcmp(name, names[i]) == 0) return (enum mode)i;
  complain("--mode must be plain, stream or paced, not", name);
  return MODE_PLAIN;
}

static void parse(int count, char **arguments, struct options *options, struct input *input) {
  for (int i = 1; i < count; i += 2) {
    const char *name = arguments[i];
    char *value = i + 1 < count ? arguments[i + 1] : NULL;
    if (!value) complain("missing value or unknown option", name);
    if (!strcmp(name, "--url")) input->url = value;
    else if (!strcmp(name, "--body")) input->body = value;
    else if (!strcmp(name, "--header")) buffer_print(&input->headers, "%s\r\n", value);
    else if (!strcmp(name, "--expect")) options->expect = value;
    else if (!strcmp(name, "--mode")) options->mode = parse_mode(value);
    else if (!strcmp(name, "--connections")) options->connections = (int)option_number(name, value, 1, 20000);
    else if (!strcmp(name, "--seconds")) options->duration_ns = option_number(name, value, 1, 3600) * 1000000000;
    else if (!strcmp(name, "--count")) options->count = option_number(name, value, 1, 100000000);
    else if (!strcmp(name, "--tokens")) options->tokens = (int)option_number(name, value, 1, 100000);
    else if (!strcmp(name, "--turns-per-session"))
      options->turns_per_session = (int)option_number(name, value, 0, 1000000);
    else if (!strcmp(name, "--pause-ms")) options->pause_ns = option_number(name, value, 0, 60000) * 1000000;
    else if (!strcmp(name, "--ramp-ms")) options->ramp_ns = option_number(name, value, 0, 600000) * 1000000;
    else if (!strcmp(name, "--timeout-seconds"))
      options->timeout_ns = option_number(name, value, 1, 3600) * 1000000000;
    else complain("unknown option", name);
  }
}

static struct buffer read_file(const char *path) {
  FILE *file = path ? fopen(path, "rb") : NULL;
  if (!file) complain("cannot read the body's file", path);
  struct buffer content = {0};
  for (size_t got = 1; got > 0;) {
    buffer_reserve(&content, 65536);
    got = fread(content.bytes + content.length, 1, 65536, file);
    content.length += got;
  }
  fclose(file);
  return content;
}

static void make_request(struct options *options, const struct input *input) {
  unsigned port;
  char host[64], path[512];
  if (!input->url || sscanf(input->url, "http://%63[0-9.]:%u%511s", host, &port, path) != 3 || port > 65535 ||
      inet_pton(AF_INET, host, &options->address.sin_addr) != 1)
    complain("--url must be like http://127.0.0.1:8000/v1/chat/completions, not", input->url);
  options->address.sin_family = AF_INET;
  options->address.sin_port = htons((uint16_t)port);
  struct buffer body = read_file(input->body), *request = &options->request;
  buffer_print(request, "POST %s HTTP/1.1\r\nHost: %s:%u\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n",
               path, host, port, body.length);
  buffer_append(request, input->headers.bytes, input->headers.length);
  buffer_append(request, "\r\n", 2);
  buffer_append(request, body.bytes, body.length);
  buffer_free(&body);
  const char *session = memmem(request->bytes, request->length, "@SESSION-NUMBER@", 16);
  if (session) options->session_at = (size_t)(session - request->bytes);
}

static void report(struct results *results, bool stream) {
  struct samples *latency = &results->latency, *first = &results->first_token, *gap = &results->gap;
  samples_sort(latency);
  samples_sort(first);
  samples_sort(gap);
  double seconds = (double)results->elapsed_ns / 1e9;
  printf("{\"complete\":%ld,\"seconds\":%.3f,\"rps\":%.1f", results->complete, seconds,
         seconds > 0 ? (double)results->complete / seconds : 0);
  printf(",\"p50_ms\":%.4f,\"p90_ms\":%.4f,\"p99_ms\":%.4f,\"max_ms\":%.4f", samples_at(latency, 0.5),
         samples_at(latency, 0.9), samples_at(latency, 0.99), samples_at(latency, 1));
  if (stream)
    printf(",\"ttft_p50_ms\":%.4f,\"ttft_p99_ms\":%.4f,\"gap_p99_ms\":%.4f,\"gap_max_ms\":%.4f",
           samples_at(first, 0.5), samples_at(first, 0.99), samples_at(gap, 0.99), samples_at(gap, 1));
  printf(",\"errors\":%ld,\"non_2xx\":%ld,\"bad_answers\":%ld", results->errors, results->non_2xx,
         results->bad_answers);
  printf(",\"unfinished\":%ld,\"reconnects\":%ld}\n", results->unfinished, results->reconnects);
}

int main(int count, char **arguments) {
  struct options options = {
    .connections = 1, .duration_ns = 2000000000, .ramp_ns = 1000000000, .timeout_ns = 30000000000};
  struct input input = {0};
  parse(count, arguments, &options, &input);
  make_request(&options, &input);
  signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  struct results results = load_run(&options);
  report(&results, options.mode != MODE_PLAIN);
  bool wrong = results.errors || results.non_2xx || results.bad_answers || results.unfinished;
  return wrong || results.complete == 0 ? 1 : 0;
}
