/* A text that grows: for answers and JSON that are put together. */
#ifndef EVERYTHING_TEXT_H
#define EVERYTHING_TEXT_H

#include <mcpring.h>

/* All zeros is the empty text. */
struct text {
  char *data;
  size_t len, capacity;
};

#define TEXT_INIT { NULL, 0, 0 }

void text_add(struct text *text, mcpring_str more);
void text_say(struct text *text, const char *words);
/* As a JSON string, with its quotes. */
void text_quote(struct text *text, mcpring_str more);
/* The content of a JSON string. */
void text_decode(struct text *text, mcpring_json *json, mcpring_node node);
mcpring_str text_view(const struct text *text);
void text_free(struct text *text);

/* Answers the call with the text, and frees it. */
mcpring_status text_reply(struct text *text, mcpring_call *call);

bool str_is(mcpring_str text, const char *wanted);

#endif
