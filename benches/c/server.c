/* The fixture of the benchmarks on the C library: the same answers as every server beside it.
 *
 *   --http ADDR --tcp ADDR --tcp-line ADDR --stdio --driver NAME --shards N
 */
#define _POSIX_C_SOURCE 200809L
#include "everything/question.h"
#include "options.h"

#include <time.h>

#define ITEMS 8
#define PROMPT_ARGUMENTS_MAX 50
#define NAME_MAX_BYTES 32
#define ALPHABET "abcdefghijklmnopqrstuvwxyz"

static mcpring_status echo(mcpring_call *call, void *user_data) {
  mcpring_str message;
  (void)user_data;
  mcpring_status status = mcpring_call_argument(call, MCPRING_STR("message"), &message);
  return status ? status : mcpring_call_reply_text(call, message);
}

static mcpring_status add(mcpring_call *call, void *user_data) {
  int64_t a = 0, b = 0;
  char words[NAME_MAX_BYTES];
  (void)user_data;
  mcpring_status status = mcpring_call_argument_i64(call, MCPRING_STR("a"), &a);
  if (!status) status = mcpring_call_argument_i64(call, MCPRING_STR("b"), &b);
  if (status) return status;
  snprintf(words, sizeof(words), "%lld", (long long)(a + b));
  return mcpring_call_reply_text(call, mcpring_str_of(words));
}

/* Sums of what a form holds, and the first thing that went wrong. */
struct form {
  mcpring_call *call;
  mcpring_status status;
};

static size_t form_bytes(struct form *form, const char *name) {
  mcpring_str text = MCPRING_STR("");
  if (!form->status) form->status = mcpring_call_argument(form->call, mcpring_str_of(name), &text);
  return text.len;
}

static int64_t form_whole(struct form *form, const char *name) {
  int64_t number = 0;
  if (!form->status)
    form->status = mcpring_call_argument_i64(form->call, mcpring_str_of(name), &number);
  return number;
}

static double form_part(struct form *form, const char *name) {
  double number = 0;
  if (!form->status)
    form->status = mcpring_call_argument_f64(form->call, mcpring_str_of(name), &number);
  return number;
}

static int form_flag(struct form *form, const char *name) {
  bool is_set = false;
  if (!form->status)
    form->status = mcpring_call_argument_bool(form->call, mcpring_str_of(name), &is_set);
  return is_set ? 1 : 0;
}

static mcpring_status form5(mcpring_call *call, void *user_data) {
  struct form form = {call, MCPRING_OK};
  mcpring_str active = MCPRING_STR("");
  char words[128];
  (void)user_data;
  size_t bytes = form_bytes(&form, "name") + form_bytes(&form, "email");
  int64_t age = form_whole(&form, "age");
  double price = form_part(&form, "price");
  if (!form.status) form.status = mcpring_call_argument(call, MCPRING_STR("active"), &active);
  if (form.status) return form.status;
  snprintf(words, sizeof(words), "%zu bytes, %lld, %g, %.*s", bytes, (long long)age, price,
           (int)active.len, active.data);
  return mcpring_call_reply_text(call, mcpring_str_of(words));
}

static mcpring_status form20(mcpring_call *call, void *user_data) {
  static const char *const texts[] = {"name",  "email",   "street", "city", "country",
                                      "phone", "company", "title",  "note", "reference"};
  static const char *const wholes[] = {"age", "quantity", "floor", "year"};
  static const char *const parts[] = {"price", "discount", "weight"};
  static const char *const flags[] = {"active", "verified", "newsletter"};
  struct form form = {call, MCPRING_OK};
  size_t bytes = 0;
  int64_t whole = 0;
  double part = 0;
  int set = 0;
  char words[128];
  (void)user_data;
  for (size_t i = 0; i < COUNT(texts); i++) bytes += form_bytes(&form, texts[i]);
  for (size_t i = 0; i < COUNT(wholes); i++) whole += form_whole(&form, wholes[i]);
  for (size_t i = 0; i < COUNT(parts); i++) part += form_part(&form, parts[i]);
  for (size_t i = 0; i < COUNT(flags); i++) set += form_flag(&form, flags[i]);
  if (form.status) return form.status;
  snprintf(words, sizeof(words), "%zu bytes, %lld, %g, %d set", bytes, (long long)whole, part, set);
  return mcpring_call_reply_text(call, mcpring_str_of(words));
}

static mcpring_status form1000(mcpring_call *call, void *user_data) {
  mcpring_json *json = NULL;
  mcpring_str arguments;
  size_t fields = 0;
  char words[NAME_MAX_BYTES];
  (void)user_data;
  mcpring_status status = mcpring_call_arguments(call, &arguments);
  if (!status) status = mcpring_json_new(&json);
  if (status) return status;
  status = mcpring_json_parse(json, arguments, arguments.len);
  if (!status) status = mcpring_json_count(json, 0, &fields);
  mcpring_json_free(json);
  if (status) return status;
  snprintf(words, sizeof(words), "%zu fields", fields);
  return mcpring_call_reply_text(call, mcpring_str_of(words));
}

static mcpring_status sleep_ms(mcpring_call *call, void *user_data) {
  int64_t ms = 0;
  struct timespec time;
  char words[64];
  (void)user_data;
  mcpring_status status = mcpring_call_argument_i64(call, MCPRING_STR("ms"), &ms);
  if (status) return status;
  time.tv_sec = (time_t)(ms / 1000);
  time.tv_nsec = (long)(ms % 1000) * 1000000L;
  nanosleep(&time, NULL);
  snprintf(words, sizeof(words), "slept %lld ms", (long long)ms);
  return mcpring_call_reply_text(call, mcpring_str_of(words));
}

static mcpring_status update_resource(mcpring_call *call, void *user_data) {
  mcpring_server *server = NULL;
  mcpring_str uri;
  (void)user_data;
  mcpring_status status = mcpring_call_argument(call, MCPRING_STR("uri"), &uri);
  if (!status) status = mcpring_call_server(call, &server);
  if (!status) status = mcpring_server_resource_updated(server, uri);
  return status ? status : mcpring_call_reply_text(call, MCPRING_STR("updated"));
}

static mcpring_status count_up(mcpring_call *call, void *user_data) {
  int64_t steps = 0;
  char words[64];
  (void)user_data;
  mcpring_status status = mcpring_call_argument_i64(call, MCPRING_STR("steps"), &steps);
  for (int64_t step = 1; !status && step <= steps; step++)
    status = mcpring_call_progress(call, (double)step, (double)steps, mcpring_str_of(NULL));
  if (status) return status;
  snprintf(words, sizeof(words), "counted %lld", (long long)steps);
  return mcpring_call_reply_text(call, mcpring_str_of(words));
}

static mcpring_status ask_model(mcpring_call *call, void *user_data) {
  struct text params = TEXT_INIT, text = TEXT_INIT;
  mcpring_str prompt;
  (void)user_data;
  mcpring_status status = mcpring_call_argument(call, MCPRING_STR("prompt"), &prompt);
  if (status) return status;
  sampling(&params, prompt);
  mcpring_json *answer = ask_text(call, "model", SAMPLE, &params);
  if (answer == NULL) return MCPRING_OK; /* asked; entered again with the answer */
  add_model_text(&text, answer);
  mcpring_json_free(answer);
  return text_reply(&text, call);
}

#define FIELD(name, type) "\"" name "\":{\"type\":\"" type "\"}"
#define OBJECT_OF(fields, required) \
  "{\"type\":\"object\",\"properties\":{" fields "},\"required\":[" required "]}"
#define ONE(name, type) OBJECT_OF(FIELD(name, type), "\"" name "\"")
#define FORM5                                                                            \
  OBJECT_OF("\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":100},"          \
            "\"email\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":200},"         \
            "\"age\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":150},"              \
            "\"price\":{\"type\":\"number\",\"minimum\":0},"                             \
            "\"active\":{\"type\":\"string\",\"enum\":[\"yes\",\"no\"]}",                \
            "\"name\",\"email\",\"age\",\"price\",\"active\"")
#define NATURAL(name) "\"" name "\":{\"type\":\"integer\",\"minimum\":0}"
#define FORM20                                                                                \
  OBJECT_OF(FIELD("name", "string") "," FIELD("email", "string") "," FIELD("street", "string") \
            "," FIELD("city", "string") "," FIELD("country", "string") ","                    \
            FIELD("phone", "string") "," FIELD("company", "string") ","                       \
            FIELD("title", "string") "," FIELD("note", "string") ","                          \
            FIELD("reference", "string") "," NATURAL("age") "," NATURAL("quantity") ","       \
            FIELD("floor", "integer") "," NATURAL("year") "," FIELD("price", "number") ","    \
            FIELD("discount", "number") "," FIELD("weight", "number") ","                     \
            FIELD("active", "boolean") "," FIELD("verified", "boolean") ","                   \
            FIELD("newsletter", "boolean"),                                                   \
            "\"name\",\"email\",\"street\",\"city\",\"country\",\"phone\",\"company\","       \
            "\"title\",\"note\",\"reference\",\"age\",\"quantity\",\"floor\",\"year\","       \
            "\"price\",\"discount\",\"weight\",\"active\",\"verified\",\"newsletter\"")

static const struct {
  const char *name, *schema;
  mcpring_call_fn call;
  mcpring_execution execution;
} tools[] = {
    {"echo", ONE("message", "string"), echo, MCPRING_RUN_INLINE},
    {"echo_pooled", ONE("message", "string"), echo, MCPRING_RUN_POOL},
    {"add", OBJECT_OF(FIELD("a", "integer") "," FIELD("b", "integer"), "\"a\",\"b\""), add,
     MCPRING_RUN_INLINE},
    {"form5", FORM5, form5, MCPRING_RUN_INLINE},
    {"form20", FORM20, form20, MCPRING_RUN_INLINE},
    {"form1000", "{\"type\":\"object\"}", form1000, MCPRING_RUN_INLINE},
    {"sleep", ONE("ms", "integer"), sleep_ms, MCPRING_RUN_POOL},
    {"update_resource", ONE("uri", "string"), update_resource, MCPRING_RUN_INLINE},
    {"count_up", ONE("steps", "integer"), count_up, MCPRING_RUN_POOL},
    {"ask_model", ONE("prompt", "string"), ask_model, MCPRING_RUN_INLINE},
};

static mcpring_status add_fixture_tools(mcpring_server *server) {
  mcpring_status status = MCPRING_OK;
  for (size_t i = 0; !status && i < COUNT(tools); i++) {
    mcpring_tool tool = MCPRING_TOOL_INIT;
    tool.name = mcpring_str_of(tools[i].name);
    tool.input_schema = mcpring_str_of(tools[i].schema);
    tool.call = tools[i].call;
    tool.execution = tools[i].execution;
    status = mcpring_server_add_tool(server, &tool);
  }
  return status;
}

static mcpring_status add_text(mcpring_server *server, const char *path, const char *name,
                               const char *text) {
  mcpring_resource resource = MCPRING_RESOURCE_INIT;
  char uri[NAME_MAX_BYTES];
  snprintf(uri, sizeof(uri), "bench:///%s", path);
  resource.uri = mcpring_str_of(uri);
  resource.name = mcpring_str_of(name);
  resource.mime_type = MCPRING_STR("text/plain");
  resource.text = mcpring_str_of(text);
  return mcpring_server_add_resource(server, &resource);
}

static mcpring_status add_fixture_resources(mcpring_server *server) {
  mcpring_status status = add_text(server, "left", "left", "left");
  if (!status) status = add_text(server, "right", "right", "right");
  for (int item = 0; !status && item < ITEMS; item++) {
    char path[NAME_MAX_BYTES], name[NAME_MAX_BYTES], text[256];
    snprintf(path, sizeof(path), "item/%d", item);
    snprintf(name, sizeof(name), "item %d", item);
    snprintf(text, sizeof(text),
             "%s: " ALPHABET ALPHABET ALPHABET ALPHABET ALPHABET ALPHABET ALPHABET, name);
    status = add_text(server, path, name, text);
  }
  return status;
}

static mcpring_status simple(mcpring_call *call, void *user_data) {
  (void)user_data;
  return mcpring_call_reply_text(call, MCPRING_STR("Summarize what was said so far."));
}

/* Says every argument of a prompt; `count` is how many it has. */
static mcpring_status repeat(mcpring_call *call, size_t count) {
  struct text text = TEXT_INIT;
  for (size_t i = 0; i < count; i++) {
    char name[NAME_MAX_BYTES];
    mcpring_str value;
    snprintf(name, sizeof(name), "a%02zu", i);
    mcpring_status status = mcpring_call_argument(call, mcpring_str_of(name), &value);
    if (status) {
      text_free(&text);
      return status;
    }
    if (i > 0) text_say(&text, "; ");
    text_say(&text, name);
    text_say(&text, "=");
    text_add(&text, value);
  }
  return text_reply(&text, call);
}

static mcpring_status medium(mcpring_call *call, void *user_data) {
  (void)user_data;
  return repeat(call, 10);
}

static mcpring_status complex(mcpring_call *call, void *user_data) {
  (void)user_data;
  return repeat(call, PROMPT_ARGUMENTS_MAX);
}

static mcpring_status add_prompt(mcpring_server *server, const char *name, size_t count,
                                 mcpring_call_fn call) {
  char names[PROMPT_ARGUMENTS_MAX][NAME_MAX_BYTES];
  mcpring_argument arguments[PROMPT_ARGUMENTS_MAX];
  mcpring_prompt prompt = MCPRING_PROMPT_INIT;
  for (size_t i = 0; i < count; i++) {
    mcpring_argument argument = MCPRING_ARGUMENT_INIT;
    snprintf(names[i], sizeof(names[i]), "a%02zu", i);
    argument.name = mcpring_str_of(names[i]);
    argument.required = true;
    arguments[i] = argument;
  }
  prompt.name = mcpring_str_of(name);
  prompt.arguments = arguments;
  prompt.argument_count = count;
  prompt.execution = MCPRING_RUN_INLINE;
  prompt.call = call;
  return mcpring_server_add_prompt(server, &prompt);
}

int main(int argc, char **argv) {
  mcpring_server *server = NULL;
  if (options_failed(mcpring_server_new(MCPRING_STR("bench-c"), MCPRING_STR("1"), &server), "new"))
    return EXIT_FAILURE;
  mcpring_status status = add_fixture_tools(server);
  if (!status) status = add_fixture_resources(server);
  if (!status) status = add_prompt(server, "prompt_simple", 0, simple);
  if (!status) status = add_prompt(server, "prompt_medium", 10, medium);
  if (!status) status = add_prompt(server, "prompt_complex", PROMPT_ARGUMENTS_MAX, complex);
  if (!status) /* ten thousand sessions are measured, and a few more while it warms up */
    status = mcpring_server_configure(
        server, MCPRING_STR("{\"resource_subscriptions\":true,\"sessions_max\":20000}"));
  if (options_failed(status, "the fixture")) {
    mcpring_server_free(server);
    return EXIT_FAILURE;
  }
  return options_serve(server, argc, argv);
}
