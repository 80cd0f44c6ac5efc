/* A text that grows. */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for `more` bytes; an example may give up when memory has. */
static char *text_room(struct text *text, size_t more) {
  size_t needed = text->len + more;
  if (needed > text->capacity) {
    size_t capacity = needed < 128 ? 256 : 2 * needed;
    char *data = (char *)realloc(text->data, capacity);
    if (data == NULL) {
      fprintf(stderr, "out of memory\n");
      abort();
    }
    text->data = data;
    text->capacity = capacity;
  }
  return text->data + text->len;
}

void text_add(struct text *text, mcpring_str more) {
  if (more.len == 0) return;
  memcpy(text_room(text, more.len), more.data, more.len);
  text->len += more.len;
}

void text_say(struct text *text, const char *words) { text_add(text, mcpring_str_of(words)); }

void text_quote(struct text *text, mcpring_str more) {
  size_t capacity = 6 * more.len + 2, written = 0;
  char *room = text_room(text, capacity);
  if (mcpring_json_quote(more, room, capacity, &written) == MCPRING_OK) text->len += written;
}

void text_decode(struct text *text, mcpring_json *json, mcpring_node node) {
  mcpring_str raw, content;
  if (mcpring_json_raw(json, node, &raw) != MCPRING_OK) return;
  /* Decoded elsewhere: the room may be the very place that the content is added to. */
  struct text buffer = TEXT_INIT;
  char *room = text_room(&buffer, raw.len);
  if (mcpring_json_text(json, node, room, raw.len, &content) == MCPRING_OK) text_add(text, content);
  text_free(&buffer);
}

mcpring_str text_view(const struct text *text) {
  return mcpring_bytes(text->data == NULL ? "" : text->data, text->len);
}

void text_free(struct text *text) {
  free(text->data);
  text->data = NULL;
  text->len = text->capacity = 0;
}

mcpring_status text_reply(struct text *text, mcpring_call *call) {
  mcpring_status status = mcpring_call_reply_text(call, text_view(text));
  text_free(text);
  return status;
}

bool str_is(mcpring_str text, const char *wanted) {
  return text.len == strlen(wanted) && memcmp(text.data, wanted, text.len) == 0;
}
