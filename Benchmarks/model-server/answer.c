#include "answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *words[] = {
  "Thanks", " for", " reaching", " out", ".", " I", " can", " help", " you", " with",
  " that", " order", " today", ":", " please", " send", " me", " its", " number", ".",
};
enum { WORDS = sizeof words / sizeof *words, PROMPT_TOKENS = 25, ID_DIGITS = 12 };

#define ID "chatcmpl-@@@@@@@@@@@@"
#define CHUNK "data: {\"id\":\"" ID "\",\"object\":\"chat.completion.chunk\",\"created\":1750000000," \
  "\"model\":\"bench-model\",\"system_fingerprint\":\"fp_bench\",\"choices\":["
#define CHOICE(DELTA, FINISH) CHUNK "{\"index\":0,\"delta\":{" DELTA "},\"logprobs\":null,\"finish_reason\":" \
  FINISH "}],\"usage\":null}\n\n"

static void find_ids(struct text *text) {
  const char *at = text->bytes.bytes, *end = at + text->bytes.length;
  while ((at = memmem(at, (size_t)(end - at), "@@@@@@@@@@@@", ID_DIGITS))) {
    text->ids = realloc(text->ids, (text->id_count + 1) * sizeof *text->ids);
    if (!text->ids) abort();
    text->ids[text->id_count++] = (size_t)(at - text->bytes.bytes);
    at += ID_DIGITS;
  }
}

// An event is one chunk of the chunked transfer coding, as servers that write each event send it.
static struct text event(const char *head, const char *data) {
  struct text text = {0};
  buffer_print(&text.bytes, "%s%zx\r\n%s\r\n", head, strlen(data), data);
  find_ids(&text);
  return text;
}

static void usage_print(struct buffer *out, int tokens) {
  buffer_print(out,
               "\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d,"
               "\"prompt_tokens_details\":{\"cached_tokens\":0}}",
               PROMPT_TOKENS, tokens, PROMPT_TOKENS + tokens);
}

static void make_plain(struct answers *answers) {
  struct buffer body = {0};
  buffer_print(&body,
               "{\"id\":\"" ID "\",\"object\":\"chat.completion\",\"created\":1750000000,\"model\":\"bench-model\","
               "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"");
  for (int i = 0; i < answers->tokens; i++) buffer_print(&body, "%s", words[i % WORDS]);
  buffer_print(&body, "\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],");
  usage_print(&body, answers->tokens);
  buffer_print(&body, ",\"system_fingerprint\":\"fp_bench\"}");
  buffer_print(&answers->plain.bytes,
               "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%.*s", body.length,
               (int)body.length, body.bytes);
  find_ids(&answers->plain);
  buffer_free(&body);
}

static void make_events(struct answers *answers) {
  answers->head = event(
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
    "Transfer-Encoding: chunked\r\n\r\n",
    CHOICE("\"role\":\"assistant\",\"content\":\"\",\"refusal\":null", "null"));
  answers->token = calloc((size_t)answers->tokens, sizeof *answers->token);
  if (!answers->token) abort();
  for (int i = 0; i < answers->tokens; i++) {
    char data[1024];
    snprintf(data, sizeof data, CHOICE("\"content\":\"%s\"", "null"), words[i % WORDS]);
    answers->token[i] = event("", data);
  }
  answers->finish = event("", CHOICE("", "\"stop\""));
  struct buffer usage = {0};
  buffer_print(&usage, CHUNK "],");
  usage_print(&usage, answers->tokens);
  buffer_print(&usage, "}\n\n");
  answers->usage = event("", usage.bytes);
  buffer_free(&usage);
  answers->done = event("", "data: [DONE]\n\n");
  buffer_print(&answers->done.bytes, "0\r\n\r\n");
}

static void join(struct text *whole, const struct text *part) {
  buffer_append(&whole->bytes, part->bytes.bytes, part->bytes.length);
}

void answers_make(struct answers *answers, int tokens) {
  *answers = (struct answers){.tokens = tokens};
  make_plain(answers);
  make_events(answers);
  for (int with_usage = 0; with_usage < 2; with_usage++) {
    struct text *whole = &answers->whole[with_usage];
    join(whole, &answers->head);
    for (int i = 0; i < tokens; i++) join(whole, &answers->token[i]);
    join(whole, &answers->finish);
    if (with_usage) join(whole, &answers->usage);
    join(whole, &answers->done);
    find_ids(whole);
  }
}

void answers_append(struct buffer *out, const struct text *text, uint64_t id) {
  size_t start = out->length;
  buffer_append(out, text->bytes.bytes, text->bytes.length);
  char digits[ID_DIGITS];
  for (int i = ID_DIGITS - 1; i >= 0; i--, id >>= 4) digits[i] = "0123456789abcdef"[id & 15];
  for (size_t i = 0; i < text->id_count; i++) memcpy(out->bytes + start + text->ids[i], digits, ID_DIGITS);
}
