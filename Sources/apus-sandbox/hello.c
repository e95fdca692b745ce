// The first packet: what can be run here, and what enforces which limit.
#if defined(__linux__)
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "supervisor.h"

struct text {
  char bytes[8192];
  size_t length;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  size_t room = sizeof text->bytes - text->length;
  int length = vsnprintf(text->bytes + text->length, room, format, arguments);
  va_end(arguments);
  if (length > 0) text->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void say_string(struct text *text, const char *string) {
  say(text, "\"");
  for (; *string; string++) {
    unsigned char byte = (unsigned char)*string;
    if (byte == '"' || byte == '\\') say(text, "\\%c", byte);
    else if (byte >= 0x20 && byte < 0x7f) say(text, "%c", byte);
    else say(text, "?");
  }
  say(text, "\"");
}

static const char *kind_name(enum cgroup_kind kind) {
  return kind == CGROUP_V1 ? "cgroup1" : kind == CGROUP_V2 ? "cgroup2" : "rlimit";
}

static void say_languages(struct text *text) {
  say(text, "{");
  const char *comma = "";
  for (size_t i = 0, seen = 0; i < sup.interpreter_count; i++) {
    if (sup.interpreters[i].language != PYTHON) continue;
    say(text, seen++ == 0 ? "\"python\":{\"versions\":[" : ",");
    say_string(text, sup.interpreters[i].version);
    comma = "]},";
  }
  bool python = comma[0] != 0;
  const char *deno = NULL;
  for (size_t i = 0; i < sup.interpreter_count; i++)
    if (sup.interpreters[i].language == DENO) deno = sup.interpreters[i].version;
  if (python) say(text, deno ? "]}," : "]}");
  if (deno)
    say(text, "\"javascript\":{\"engine\":\"deno %s\",\"versions\":[\"%s\"]},"
              "\"typescript\":{\"engine\":\"deno %s\",\"versions\":[\"%s\"]}", deno, deno, deno, deno);
  say(text, "}");
}

void hello_send(void) {
  static struct {
    uint32_t type, protocol;
    char json[sizeof(struct text)];
  } packet;
  struct text text = {.length = 0};
  static const char *const isolations[] = {"none", "root", "userns"};
  say(&text, "{\"isolation\":\"%s\",\"reason\":", isolations[sup.isolation]);
  if (sup.reason[0]) say_string(&text, sup.reason);
  else say(&text, "null");
  say(&text, ",\"memory\":\"%s\",\"pids\":\"%s\",\"cpu\":\"%s\",\"uid\":%u,\"languages\":",
      kind_name(cgroups_memory()), kind_name(cgroups_pids()), sup.can_limit ? "rlimit" : "deadline", sup.uid_base ? sup.uid_base : geteuid());
  say_languages(&text);
  say(&text, "}");
  packet.type = OUT_HELLO;
  packet.protocol = PROTOCOL;
  memcpy(packet.json, text.bytes, text.length);
  control_send(&packet, offsetof(__typeof__(packet), json) + text.length, -1);
}
#endif
