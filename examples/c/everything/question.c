/* How handlers ask, and how they read answers. */
#include "question.h"

/* Most tokens of a model's answer. */
#define TOKENS "100"

/* What an answer to `method` cannot do without. */
static const char *wanted(const char *method) {
  if (str_is(mcpring_str_of(method), ELICIT)) return "action";
  return str_is(mcpring_str_of(method), SAMPLE) ? "content" : "roots";
}

/* The parsed answer; NULL when it cannot be read. */
static mcpring_json *read_answer(mcpring_str answer, const char *method) {
  mcpring_json *json = NULL;
  mcpring_node member;
  if (mcpring_json_new(&json) != MCPRING_OK) return NULL;
  if (mcpring_json_parse(json, answer, answer.len) == MCPRING_OK &&
      mcpring_json_get(json, 0, mcpring_str_of(wanted(method)), &member) == MCPRING_OK)
    return json;
  mcpring_json_free(json);
  return NULL;
}

/* Who sends the call again by itself may be asked again for what it got wrong. */
static bool asks_anew(mcpring_call *call) {
  mcpring_str version;
  return mcpring_call_fact(call, MCPRING_FACT_VERSION, &version) == MCPRING_OK &&
         str_is(version, "2026-07-28");
}

static void put(mcpring_call *call, const char *key, const char *method, mcpring_str params) {
  mcpring_status status =
      mcpring_call_ask(call, mcpring_str_of(key), mcpring_str_of(method), params);
  if (status || mcpring_call_finish(call)) mcpring_call_fail(call, mcpring_last_error());
}

mcpring_json *ask(mcpring_call *call, const char *key, const char *method, mcpring_str params) {
  mcpring_str answer;
  mcpring_status status = mcpring_call_answer(call, mcpring_str_of(key), &answer);
  if (status == MCPRING_OK) {
    mcpring_json *json = read_answer(answer, method);
    if (json != NULL) return json;
    if (!asks_anew(call)) {
      mcpring_call_fail(call, MCPRING_STR("the client's answer cannot be read"));
      return NULL;
    }
  } else if (status != MCPRING_ERR_NOT_FOUND) {
    mcpring_call_fail(call, mcpring_last_error());
    return NULL;
  }
  put(call, key, method, params);
  return NULL;
}

mcpring_json *ask_text(mcpring_call *call, const char *key, const char *method,
                       struct text *params) {
  mcpring_json *json = ask(call, key, method, text_view(params));
  text_free(params);
  return json;
}

mcpring_str form(struct text *params, mcpring_str message, const char *schema) {
  text_say(params, "{\"mode\":\"form\",\"message\":");
  text_quote(params, message);
  text_say(params, ",\"requestedSchema\":");
  text_say(params, schema);
  text_say(params, "}");
  return text_view(params);
}

mcpring_str sampling(struct text *params, mcpring_str prompt) {
  text_say(params, "{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":");
  text_quote(params, prompt);
  text_say(params, "}}],\"maxTokens\":" TOKENS "}");
  return text_view(params);
}

/* The member of a member; MCPRING_NO_NODE when there is none. */
static mcpring_node member(mcpring_json *json, mcpring_node node, const char *name) {
  mcpring_node found = MCPRING_NO_NODE;
  if (mcpring_json_get(json, node, mcpring_str_of(name), &found) != MCPRING_OK)
    return MCPRING_NO_NODE;
  return found;
}

bool add_field(struct text *text, mcpring_json *answer, const char *name) {
  mcpring_kind kind;
  mcpring_str raw;
  mcpring_node content = member(answer, 0, "content");
  mcpring_node field =
      content == MCPRING_NO_NODE ? MCPRING_NO_NODE : member(answer, content, name);
  if (field == MCPRING_NO_NODE || mcpring_json_kind(answer, field, &kind) != MCPRING_OK)
    return false;
  if (kind == MCPRING_KIND_STRING) {
    text_decode(text, answer, field);
    return true;
  }
  if (kind != MCPRING_KIND_NUMBER && kind != MCPRING_KIND_BOOL) return false;
  if (mcpring_json_raw(answer, field, &raw) == MCPRING_OK) text_add(text, raw);
  return true;
}

static void add_block_text(struct text *text, mcpring_json *answer, mcpring_node block) {
  mcpring_str raw;
  mcpring_node type = member(answer, block, "type"), words = member(answer, block, "text");
  if (type == MCPRING_NO_NODE || words == MCPRING_NO_NODE) return;
  if (mcpring_json_raw(answer, type, &raw) == MCPRING_OK && str_is(raw, "\"text\""))
    text_decode(text, answer, words);
}

/* The content may be one block, or several. */
void add_model_text(struct text *text, mcpring_json *answer) {
  mcpring_walk walk;
  mcpring_kind kind = MCPRING_KIND_NULL;
  mcpring_node block, content = member(answer, 0, "content");
  mcpring_json_kind(answer, content, &kind);
  if (kind == MCPRING_KIND_OBJECT) add_block_text(text, answer, content);
  if (kind != MCPRING_KIND_ARRAY || mcpring_json_walk(answer, content, &walk) != MCPRING_OK) return;
  while (mcpring_json_step(answer, &walk, NULL, &block) == MCPRING_OK)
    add_block_text(text, answer, block);
}

void add_roots(struct text *text, mcpring_json *answer) {
  mcpring_walk walk;
  mcpring_node root, roots = member(answer, 0, "roots");
  bool is_first = true;
  text_say(text, "Client roots: ");
  if (mcpring_json_walk(answer, roots, &walk) != MCPRING_OK) return;
  while (mcpring_json_step(answer, &walk, NULL, &root) == MCPRING_OK) {
    mcpring_node uri = member(answer, root, "uri"), name = member(answer, root, "name");
    if (!is_first) text_say(text, ", ");
    is_first = false;
    text_decode(text, answer, uri);
    if (name == MCPRING_NO_NODE) continue;
    text_say(text, " (");
    text_decode(text, answer, name);
    text_say(text, ")");
  }
}
