/* Tools that ask: the person by forms and URLs, the client's model, and the client for its roots.
 *
 * A handler that asks is entered again from its beginning when the answer is there. Written like
 * this it runs in both eras: with requests to the client in one, with results that require input
 * in the other.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>

#include "question.h"

static mcpring_status say_model_text(mcpring_call *call, mcpring_json *answer) {
  struct text text = TEXT_INIT;
  text_say(&text, "LLM response: ");
  add_model_text(&text, answer);
  mcpring_json_free(answer);
  return text_reply(&text, call);
}

static mcpring_status sample(mcpring_call *call, void *row) {
  struct text params = TEXT_INIT;
  mcpring_str prompt;
  (void)row;
  mcpring_status status = mcpring_call_argument(call, MCPRING_STR("prompt"), &prompt);
  if (status) return status;
  sampling(&params, prompt);
  mcpring_json *answer = ask_text(call, "answer", SAMPLE, &params);
  return answer == NULL ? MCPRING_OK : say_model_text(call, answer);
}

/* What the person did with a question and, in a form, wrote. */
static mcpring_status elicit(mcpring_call *call, const char *words, mcpring_str params) {
  struct text text = TEXT_INIT;
  mcpring_node node;
  mcpring_str content = MCPRING_STR("{}");
  mcpring_json *answer = ask(call, "question", ELICIT, params);
  if (answer == NULL) return MCPRING_OK;
  text_say(&text, words);
  text_say(&text, ": action=");
  if (mcpring_json_get(answer, 0, MCPRING_STR("action"), &node) == MCPRING_OK)
    text_decode(&text, answer, node);
  text_say(&text, ", content=");
  if (mcpring_json_get(answer, 0, MCPRING_STR("content"), &node) == MCPRING_OK)
    mcpring_json_raw(answer, node, &content);
  text_add(&text, content);
  mcpring_json_free(answer);
  return text_reply(&text, call);
}

static mcpring_status elicit_form(mcpring_call *call, const char *words, mcpring_str message,
                                  const char *schema) {
  struct text params = TEXT_INIT;
  mcpring_status status = elicit(call, words, form(&params, message, schema));
  text_free(&params);
  return status;
}

static mcpring_status name_and_address(mcpring_call *call, void *row) {
  mcpring_str message;
  (void)row;
  mcpring_status status = mcpring_call_argument(call, MCPRING_STR("message"), &message);
  return status ? status
                : elicit_form(call, "User response", message,
                              "{\"type\":\"object\",\"properties\":{"
                              "\"username\":{\"type\":\"string\",\"description\":\"Your name\"},"
                              "\"email\":{\"type\":\"string\","
                              "\"description\":\"Where to write to\"}},"
                              "\"required\":[\"username\",\"email\"]}");
}

static mcpring_status defaults(mcpring_call *call, void *row) {
  (void)row;
  return elicit_form(
      call, "Elicitation completed", MCPRING_STR("Please check these values"),
      "{\"type\":\"object\",\"properties\":{"
      "\"name\":{\"type\":\"string\",\"description\":\"Your name\",\"default\":\"John Doe\"},"
      "\"age\":{\"type\":\"integer\",\"description\":\"Your age\",\"default\":30},"
      "\"score\":{\"type\":\"number\",\"description\":\"Your score\",\"default\":95.5},"
      "\"status\":{\"type\":\"string\",\"description\":\"Your status\","
      "\"enum\":[\"active\",\"inactive\",\"pending\"],\"default\":\"active\"},"
      "\"verified\":{\"type\":\"boolean\",\"description\":\"Whether this is so\","
      "\"default\":true}}}");
}

#define PLAIN_VALUES "\"enum\":[\"option1\",\"option2\",\"option3\"]"
#define TITLED_VALUES                                \
  "[{\"const\":\"value1\",\"title\":\"First Option\"}," \
  "{\"const\":\"value2\",\"title\":\"Second Option\"}," \
  "{\"const\":\"value3\",\"title\":\"Third Option\"}]"

static mcpring_status choices(mcpring_call *call, void *row) {
  (void)row;
  return elicit_form(
      call, "Elicitation completed", MCPRING_STR("Please choose"),
      "{\"type\":\"object\",\"properties\":{"
      "\"untitledSingle\":{\"type\":\"string\"," PLAIN_VALUES "},"
      "\"titledSingle\":{\"type\":\"string\",\"oneOf\":" TITLED_VALUES "},"
      "\"legacyEnum\":{\"type\":\"string\",\"enum\":[\"opt1\",\"opt2\",\"opt3\"],"
      "\"enumNames\":[\"Option One\",\"Option Two\",\"Option Three\"]},"
      "\"untitledMulti\":{\"type\":\"array\",\"items\":{\"type\":\"string\"," PLAIN_VALUES "}},"
      "\"titledMulti\":{\"type\":\"array\",\"items\":{\"anyOf\":" TITLED_VALUES "}}}}");
}

/* Which question to visit a page this is. */
static unsigned long next_visit(void) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static unsigned long count = 0;
  pthread_mutex_lock(&lock);
  unsigned long visit = ++count;
  pthread_mutex_unlock(&lock);
  return visit;
}

static mcpring_status visit(mcpring_call *call, void *row) {
  struct text params = TEXT_INIT;
  mcpring_str url, version;
  char id[64];
  (void)row;
  mcpring_status status = mcpring_call_argument(call, MCPRING_STR("url"), &url);
  if (!status) status = mcpring_call_fact(call, MCPRING_FACT_VERSION, &version);
  if (status) return status;
  text_say(&params, "{\"mode\":\"url\",\"message\":\"Please visit this page.\"");
  if (str_is(version, "2025-11-25")) { /* later versions have no id */
    snprintf(id, sizeof(id), ",\"elicitationId\":\"visit-%lu\"", next_visit());
    text_say(&params, id);
  }
  text_say(&params, ",\"url\":");
  text_quote(&params, url);
  text_say(&params, "}");
  status = elicit(call, "Visit", text_view(&params));
  text_free(&params);
  return status;
}

static mcpring_status list_roots(mcpring_call *call, void *row) {
  struct text text = TEXT_INIT;
  (void)row;
  mcpring_json *answer = ask(call, "roots", ROOTS, mcpring_str_of(NULL));
  if (answer == NULL) return MCPRING_OK;
  add_roots(&text, answer);
  mcpring_json_free(answer);
  return text_reply(&text, call);
}

static mcpring_status missing_capability(mcpring_call *call, void *row) {
  struct text params = TEXT_INIT;
  (void)row;
  sampling(&params, MCPRING_STR("Are you there?"));
  mcpring_json *answer = ask_text(call, "answer", SAMPLE, &params);
  if (answer == NULL) return MCPRING_OK;
  mcpring_json_free(answer);
  return mcpring_call_reply_text(call, MCPRING_STR("The client has a model"));
}

static mcpring_status one_value(mcpring_call *call, void *row) {
  (void)row;
  return elicit_form(call, "Elicitation completed", MCPRING_STR("Give a value"),
                     FORM_OF("value", "string"));
}

/* The question to a model that may use a tool, from its first message on. */
#define WEATHER_QUESTION \
  "{\"maxTokens\":100,\"tools\":[{\"name\":\"weather\"," \
  "\"description\":\"Tells the weather in a city.\",\"inputSchema\":{\"type\":\"object\"," \
  "\"properties\":{\"city\":{\"type\":\"string\"}}}}],\"messages\":[{\"role\":\"user\"," \
  "\"content\":{\"type\":\"text\",\"text\":\"How is the weather in Paris?\"}}"

static void add_member(struct text *text, mcpring_json *json, mcpring_node node, const char *name) {
  mcpring_node found;
  mcpring_str raw = MCPRING_STR("null");
  if (mcpring_json_get(json, node, mcpring_str_of(name), &found) == MCPRING_OK)
    mcpring_json_raw(json, found, &raw);
  text_add(text, raw);
}

/* Adds the answer to one block, if that is the use of a tool. */
static bool add_report(struct text *results, mcpring_json *answer, mcpring_node block) {
  struct text type = TEXT_INIT, words = TEXT_INIT;
  add_member(&type, answer, block, "type");
  bool is_use = str_is(text_view(&type), "\"tool_use\"");
  if (is_use) {
    text_say(&words, "Sunny, for ");
    add_member(&words, answer, block, "input");
    if (results->len > 0) text_say(results, ",");
    text_say(results, "{\"type\":\"tool_result\",\"toolUseId\":");
    add_member(results, answer, block, "id");
    text_say(results, ",\"content\":[{\"type\":\"text\",\"text\":");
    text_quote(results, text_view(&words));
    text_say(results, "}]}");
  }
  text_free(&type);
  text_free(&words);
  return is_use;
}

/* An answer to each use of the tool: models want all of them, and nothing else beside. */
static void add_reports(struct text *results, mcpring_json *answer) {
  mcpring_walk walk;
  mcpring_kind kind = MCPRING_KIND_NULL;
  mcpring_node block, content;
  if (mcpring_json_get(answer, 0, MCPRING_STR("content"), &content) != MCPRING_OK) return;
  mcpring_json_kind(answer, content, &kind);
  if (kind == MCPRING_KIND_OBJECT) add_report(results, answer, content);
  if (kind != MCPRING_KIND_ARRAY || mcpring_json_walk(answer, content, &walk) != MCPRING_OK) return;
  while (mcpring_json_step(answer, &walk, NULL, &block) == MCPRING_OK)
    add_report(results, answer, block);
}

/* The model may look the weather up; it is this program that does so. */
static mcpring_status sample_with_tools(mcpring_call *call, void *row) {
  struct text results = TEXT_INIT, second = TEXT_INIT;
  (void)row;
  mcpring_json *answer = ask(call, "question", SAMPLE, MCPRING_STR(WEATHER_QUESTION "]}"));
  if (answer == NULL) return MCPRING_OK;
  add_reports(&results, answer);
  if (results.len == 0) return say_model_text(call, answer);
  text_say(&second, WEATHER_QUESTION ",{\"role\":\"assistant\",\"content\":");
  add_member(&second, answer, 0, "content");
  text_say(&second, "},{\"role\":\"user\",\"content\":[");
  text_add(&second, text_view(&results));
  text_say(&second, "]}]}");
  text_free(&results);
  mcpring_json_free(answer);
  answer = ask_text(call, "result", SAMPLE, &second);
  return answer == NULL ? MCPRING_OK : say_model_text(call, answer);
}

#define ROW(name, description, schema, call) \
  {name, description, schema, call, NULL, MCPRING_RUN_POOL, MCPRING_TASK_FORBIDDEN, false}

static const struct tool_row tools[] = {
    ROW("test_sampling", "Asks the client's model.",
        TEXT_SCHEMA("prompt", "What to ask the model."), sample),
    ROW("sample_with_tools", "Asks the client's model, and lets it use a tool.", NO_ARGUMENTS,
        sample_with_tools),
    ROW("test_elicitation", "Asks the person for a name and an address.",
        TEXT_SCHEMA("message", "What to tell the person."), name_and_address),
    ROW("test_elicitation_sep1034_defaults", "Asks with a default for every kind of value.",
        NO_ARGUMENTS, defaults),
    ROW("test_elicitation_sep1330_enums", "Asks for choices of every kind.", NO_ARGUMENTS,
        choices),
    ROW("elicit_url", "Sends the person to a page.",
        TEXT_SCHEMA("url", "Where to send the person."), visit),
    ROW("list_roots", "Asks for the client's roots.", NO_ARGUMENTS, list_roots),
    ROW("test_missing_capability", "Needs a client that has a model.", NO_ARGUMENTS,
        missing_capability),
    ROW("test_streaming_elicitation", "Asks the person for a value.", NO_ARGUMENTS, one_value),
};

mcpring_status add_asking_tools(mcpring_server *server) {
  return add_tools(server, tools, COUNT(tools), NULL);
}
