/* Resources: one that never changes, one that a handler reads and clients subscribe to, and a
 * template whose variable clients can complete. The tool `write_note` changes the second.
 */
#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <pthread.h>

#define NOTE_URI "memo://note"
#define NOTE_BYTES_MAX 4096

/* Handlers run on several threads at once. */
struct note {
  pthread_mutex_t lock;
  size_t len;
  char text[NOTE_BYTES_MAX];
};

static mcpring_status read_note(mcpring_call *call, void *user_data) {
  struct note *note = (struct note *)user_data;
  pthread_mutex_lock(&note->lock);
  mcpring_status status = mcpring_call_reply_text(call, mcpring_bytes(note->text, note->len));
  pthread_mutex_unlock(&note->lock);
  return status;
}

static mcpring_status write_note(mcpring_call *call, void *user_data) {
  struct note *note = (struct note *)user_data;
  mcpring_server *server = NULL;
  mcpring_str text;
  mcpring_status status = mcpring_call_argument(call, MCPRING_STR("text"), &text);
  if (status) return status;
  if (text.len > NOTE_BYTES_MAX) return mcpring_call_fail(call, MCPRING_STR("that is too long"));
  pthread_mutex_lock(&note->lock);
  memcpy(note->text, text.data, text.len);
  note->len = text.len;
  pthread_mutex_unlock(&note->lock);
  status = mcpring_call_server(call, &server);
  if (!status) status = mcpring_server_resource_updated(server, MCPRING_STR(NOTE_URI));
  return status ? status : mcpring_call_reply_text(call, MCPRING_STR("written"));
}

/* `city` has been taken out of the URI and decoded; what goes into JSON has to be quoted. */
static mcpring_status read_weather(mcpring_call *call, void *user_data) {
  char quoted[1024], json[1200];
  size_t written = 0;
  mcpring_str city;
  mcpring_status status = mcpring_call_variable(call, MCPRING_STR("city"), &city);
  (void)user_data;
  if (!status) status = mcpring_json_quote(city, quoted, sizeof(quoted), &written);
  if (status) return status;
  snprintf(json, sizeof(json), "{\"city\":%.*s,\"sky\":\"clear\"}", (int)written, quoted);
  return mcpring_call_reply_json(call, mcpring_str_of(json));
}

static mcpring_status add_resources(mcpring_server *server, struct note *note) {
  mcpring_resource about = MCPRING_RESOURCE_INIT, current = MCPRING_RESOURCE_INIT;
  about.uri = MCPRING_STR("memo://about");
  about.name = MCPRING_STR("about");
  about.mime_type = MCPRING_STR("text/plain");
  about.text = MCPRING_STR("A note, and the weather.");
  about.cache_ttl_ms = 60000;
  about.cache_public = true;
  current.uri = MCPRING_STR(NOTE_URI);
  current.name = MCPRING_STR("note");
  current.description = MCPRING_STR("Subscribe to it: write_note changes it.");
  current.mime_type = MCPRING_STR("text/plain");
  current.call = read_note;
  current.user_data = note;
  mcpring_status status = mcpring_server_add_resource(server, &about);
  return status ? status : mcpring_server_add_resource(server, &current);
}

static mcpring_status add_template(mcpring_server *server) {
  static const mcpring_str cities[] = {MCPRING_STR_INIT("Paris"), MCPRING_STR_INIT("Prague"),
                                       MCPRING_STR_INIT("Riga")};
  mcpring_completer completer = MCPRING_COMPLETER_INIT;
  mcpring_template weather = MCPRING_TEMPLATE_INIT;
  completer.name = MCPRING_STR("city");
  completer.values = cities;
  completer.value_count = sizeof(cities) / sizeof(cities[0]);
  weather.uri_template = MCPRING_STR("weather://{city}");
  weather.name = MCPRING_STR("weather");
  weather.mime_type = MCPRING_STR("application/json");
  weather.execution = MCPRING_RUN_INLINE;
  weather.call = read_weather;
  weather.completers = &completer;
  weather.completer_count = 1;
  return mcpring_server_add_template(server, &weather);
}

static mcpring_status add_tool(mcpring_server *server, struct note *note) {
  mcpring_tool tool = MCPRING_TOOL_INIT;
  tool.name = MCPRING_STR("write_note");
  tool.description = MCPRING_STR("Writes the note anew.");
  tool.input_schema = MCPRING_STR("{\"type\":\"object\",\"required\":[\"text\"],"
                                  "\"properties\":{\"text\":{\"type\":\"string\"}}}");
  tool.call = write_note;
  tool.user_data = note;
  return mcpring_server_add_tool(server, &tool);
}

int main(int argc, char **argv) {
  static struct note note = {PTHREAD_MUTEX_INITIALIZER, 5, "empty"};
  mcpring_server *server = NULL;
  if (options_failed(mcpring_server_new(MCPRING_STR("memo"), MCPRING_STR("1.0"), &server), "new"))
    return EXIT_FAILURE;
  const char *settings = "{\"resource_subscriptions\":true}";
  if (options_failed(mcpring_server_configure(server, mcpring_str_of(settings)), "settings") ||
      options_failed(add_resources(server, &note), "resources") ||
      options_failed(add_template(server), "template") ||
      options_failed(add_tool(server, &note), "tool")) {
    mcpring_server_free(server);
    return EXIT_FAILURE;
  }
  return options_serve(server, argc, argv);
}
