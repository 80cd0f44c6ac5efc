/* Servers given what they cannot take, and asked for things at the wrong time. */
#include "abuse.h"

#include <stdio.h>
#include <string.h>

static const mcpring_str not_utf8 = MCPRING_STR_INIT("\xff\xfe");
static const mcpring_str lying = {NULL, 5};

static int destroyed;

typedef struct owner {
  mcpring_schema *schema;
  mcpring_text *text;
} owner;

/* A destructor frees what its user data owns. */
static void free_owned(void *user_data) {
  owner *owned = (owner *)user_data;
  destroyed++;
  CHECK(MCPRING_OK, mcpring_schema_free, (owned->schema));
  CHECK(MCPRING_ERR_HANDLE, mcpring_schema_free, (owned->schema));
  CHECK(MCPRING_OK, mcpring_text_free, (owned->text));
  CHECK(MCPRING_ERR_HANDLE, mcpring_text_free, (owned->text));
}

static void count_destroyed(void *user_data) {
  /* It may call nothing else: the status says so, and nothing is blocked. */
  mcpring_server **server = (mcpring_server **)user_data;
  destroyed++;
  if (server != NULL) {
    CHECK(MCPRING_ERR_STATE, mcpring_server_stop, (*server, true));
  }
}

static mcpring_status answer(mcpring_call *call, void *user_data) {
  (void)user_data;
  return mcpring_call_reply_text(call, MCPRING_STR("fine"));
}

static mcpring_tool a_tool(const char *name) {
  mcpring_tool tool = MCPRING_TOOL_INIT;
  tool.name = mcpring_str_of(name);
  tool.call = answer;
  tool.execution = MCPRING_RUN_INLINE;
  return tool;
}

static void tools(mcpring_server *server) {
  mcpring_tool tool = a_tool("one");
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_tool, (server, NULL));
  tool.struct_size = 0;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_tool, (server, &tool));
  tool.struct_size = sizeof tool + 64;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_tool, (server, &tool));
  tool = a_tool("one");
  tool.call = NULL;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_tool, (server, &tool));
  tool = a_tool("one");
  tool.execution = 77;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_tool, (server, &tool));
  tool = a_tool("one");
  tool.task_support = 77;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_tool, (server, &tool));
  tool = a_tool("one");
  tool.name = not_utf8;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_tool, (server, &tool));
  tool.name = lying;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_tool, (server, &tool));
  tool = a_tool("one");
  tool.annotations = MCPRING_STR("[");
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_tool, (server, &tool));
  /* destroy is called although adding fails: the user data was handed over. */
  destroyed = 0;
  tool = a_tool("bad");
  tool.input_schema = MCPRING_STR("{\"type\": 12}");
  tool.user_data = &server;
  tool.destroy = count_destroyed;
  CHECK(MCPRING_ERR_USAGE, mcpring_server_add_tool, (server, &tool));
  HOLDS(mcpring_server_add_tool, destroyed == 1);
  /* An older program's shorter struct is completed with zeros. */
  tool = a_tool("older");
  tool.struct_size = offsetof(mcpring_tool, destroy);
  CHECK(MCPRING_OK, mcpring_server_add_tool, (server, &tool));
  tool = a_tool("one");
  CHECK(MCPRING_OK, mcpring_server_add_tool, (server, &tool));
}

static void others(mcpring_server *server) {
  mcpring_resource resource = MCPRING_RESOURCE_INIT;
  mcpring_template form = MCPRING_TEMPLATE_INIT;
  mcpring_prompt prompt = MCPRING_PROMPT_INIT;
  mcpring_completer completer = MCPRING_COMPLETER_INIT;
  mcpring_str values[2];
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_resource, (server, NULL));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_template, (server, NULL));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_prompt, (server, NULL));
  resource.struct_size = 1;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_resource, (server, &resource));
  form.struct_size = 1;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_template, (server, &form));
  prompt.struct_size = 1;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_prompt, (server, &prompt));

  resource.struct_size = sizeof resource;
  resource.uri = MCPRING_STR("no uri");
  resource.name = MCPRING_STR("resource");
  resource.text = MCPRING_STR("text");
  CHECK(MCPRING_ERR_USAGE, mcpring_server_add_resource, (server, &resource));
  resource.uri = MCPRING_STR("abuse://resource");
  CHECK(MCPRING_OK, mcpring_server_add_resource, (server, &resource));

  form.struct_size = sizeof form;
  form.uri_template = MCPRING_STR("abuse://{");
  form.name = MCPRING_STR("template");
  form.call = answer;
  CHECK(MCPRING_ERR_USAGE, mcpring_server_add_template, (server, &form));
  form.uri_template = MCPRING_STR("abuse://{id}/x");
  form.completers = NULL;
  form.completer_count = 3;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_template, (server, &form));
  form.completers = &completer;
  form.completer_count = 1;
  values[0] = MCPRING_STR("a");
  values[1] = not_utf8;
  completer.name = MCPRING_STR("id");
  completer.values = values;
  completer.value_count = 2;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_template, (server, &form));
  completer.value_count = 1;
  CHECK(MCPRING_OK, mcpring_server_add_template, (server, &form));

  prompt.struct_size = sizeof prompt;
  prompt.name = MCPRING_STR("prompt");
  prompt.call = answer;
  prompt.arguments = NULL;
  prompt.argument_count = 1;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_add_prompt, (server, &prompt));
  prompt.argument_count = 0;
  CHECK(MCPRING_OK, mcpring_server_add_prompt, (server, &prompt));
}

static void settings(mcpring_server *server, const char *driver) {
  static const char *const bad[] = {
    "{\"no_such_setting\": 1}", "{\"shards\": \"two\"}", "{\"shards\": -1}",  "{\"driver\": \"kqueue\"}",
    "{\"call_ms\": 0}",         "{\"http_path\": 5}",    "{\"page_items\": 1e99}",
  };
  char json[128];
  size_t at;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_configure, (server, MCPRING_STR("{")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_configure, (server, MCPRING_STR("[]")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_configure, (server, not_utf8));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_configure, (server, lying));
  for (at = 0; at < COUNT(bad); at++) {
    if (!CHECK(MCPRING_ERR_USAGE, mcpring_server_configure, (server, mcpring_str_of(bad[at])))) {
      printf("  the settings were %s\n", bad[at]);
    }
  }
  (void)snprintf(json, sizeof json, "{\"driver\": \"%s\", \"shards\": 1, \"list_changes\": true}", driver);
  CHECK(MCPRING_OK, mcpring_server_configure, (server, mcpring_str_of(json)));
  CHECK(MCPRING_OK, mcpring_server_configure, (server, MCPRING_STR("{\"resource_subscriptions\": true, \"logging\": true}")));
}

static void addresses(mcpring_server *server) {
  static const char *const bad[] = {"", "127.0.0.1:0", "ftp://127.0.0.1:0", "http://", "unix://", "tcp+line://", "stdio:x"};
  size_t at;
  for (at = 0; at < COUNT(bad); at++) {
    if (!CHECK(MCPRING_ERR_USAGE, mcpring_server_listen, (server, mcpring_str_of(bad[at])))) {
      printf("  the address was %s\n", bad[at]);
    }
  }
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_listen, (server, not_utf8));
  CHECK(MCPRING_OK, mcpring_server_listen, (server, MCPRING_STR("http://127.0.0.1:0")));
}

static void not_started(mcpring_server *server) {
  mcpring_str url;
  mcpring_text *text;
  CHECK(MCPRING_ERR_STATE, mcpring_server_stop, (server, false));
  CHECK(MCPRING_ERR_STATE, mcpring_server_join, (server));
  CHECK(MCPRING_ERR_STATE, mcpring_server_address, (server, 0, &url));
  CHECK(MCPRING_ERR_STATE, mcpring_server_resource_updated, (server, MCPRING_STR("abuse://resource")));
  CHECK(MCPRING_ERR_STATE, mcpring_server_elicitation_done, (server, MCPRING_STR("id")));
  CHECK(MCPRING_ERR_STATE, mcpring_server_metrics, (server, &text));
  CHECK(MCPRING_ERR_NOT_FOUND, mcpring_server_remove, (server, MCPRING_TOOL, MCPRING_STR("none")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_remove, (server, 99, MCPRING_STR("none")));
}

static void started(mcpring_server *server) {
  static owner owned;
  mcpring_str url;
  mcpring_text *text = NULL;
  mcpring_tool tool = a_tool("later");
  size_t ran = 77;
  int descriptor = -1;
  CHECK(MCPRING_ERR_STATE, mcpring_server_start, (server));
  CHECK(MCPRING_ERR_STATE, mcpring_server_run, (server));
  CHECK(MCPRING_ERR_STATE, mcpring_server_configure, (server, MCPRING_STR("{}")));
  CHECK(MCPRING_ERR_STATE, mcpring_server_listen, (server, MCPRING_STR("http://127.0.0.1:0")));
  CHECK(MCPRING_OK, mcpring_server_address, (server, 0, &url));
  HOLDS(mcpring_server_address, url.len > 0 && strncmp(url.data, "http://127.0.0.1:", 17) == 0);
  CHECK(MCPRING_ERR_NOT_FOUND, mcpring_server_address, (server, 1, &url));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_address, (server, 0, NULL));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_fd, (server, NULL));
  CHECK(MCPRING_OK, mcpring_server_fd, (server, &descriptor));
  HOLDS(mcpring_server_fd, descriptor >= 0);
  CHECK(MCPRING_OK, mcpring_server_poll, (server, 0, &ran));
  HOLDS(mcpring_server_poll, ran == 0);
  CHECK(MCPRING_OK, mcpring_server_poll, (server, 0, NULL));
  CHECK(MCPRING_OK, mcpring_server_resource_updated, (server, MCPRING_STR("abuse://resource")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_resource_updated, (server, not_utf8));
  CHECK(MCPRING_OK, mcpring_server_elicitation_done, (server, MCPRING_STR("id")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_elicitation_done, (server, lying));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_metrics, (server, NULL));
  CHECK(MCPRING_OK, mcpring_server_metrics, (server, &text));
  CHECK(MCPRING_OK, mcpring_text_free, (text));
  /* Changes while it runs. */
  CHECK(MCPRING_OK, mcpring_server_add_tool, (server, &tool));
  CHECK(MCPRING_ERR_USAGE, mcpring_server_add_tool, (server, &tool));
  CHECK(MCPRING_OK, mcpring_server_remove, (server, MCPRING_TOOL, MCPRING_STR("later")));
  CHECK(MCPRING_ERR_NOT_FOUND, mcpring_server_remove, (server, MCPRING_TOOL, MCPRING_STR("later")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_remove, (server, MCPRING_TOOL, not_utf8));
  destroyed = 0;
  tool = a_tool("removed");
  tool.user_data = &server;
  tool.destroy = count_destroyed;
  CHECK(MCPRING_OK, mcpring_server_add_tool, (server, &tool));
  /* Freed with the server; see the end. */
  tool = a_tool("owns");
  CHECK(MCPRING_OK, mcpring_schema_new, (MCPRING_STR("{}"), &owned.schema));
  CHECK(MCPRING_OK, mcpring_server_metrics, (server, &owned.text));
  tool.user_data = &owned;
  tool.destroy = free_owned;
  CHECK(MCPRING_OK, mcpring_server_add_tool, (server, &tool));
}

static void plugins(mcpring_server *server) {
  CHECK(MCPRING_ERR_PLUGIN, mcpring_server_load_plugin, (server, MCPRING_STR("/nonexistent.so")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_load_plugin, (server, not_utf8));
  CHECK(MCPRING_ERR_PLUGIN, mcpring_server_load_plugin, (server, MCPRING_STR("/etc/passwd")));
  CHECK(MCPRING_ERR_NOT_FOUND, mcpring_server_close_plugin, (server, MCPRING_STR("/nonexistent.so")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_plugins, (server, NULL));
}

static void invokes(mcpring_server *server) {
  mcpring_text *text = NULL;
  CHECK(MCPRING_OK, mcpring_server_invoke, (server, MCPRING_STR("one"), MCPRING_STR("{}"), &text));
  CHECK(MCPRING_OK, mcpring_text_free, (text));
  CHECK(MCPRING_ERR_HANDLE, mcpring_text_free, (text));
  CHECK(MCPRING_ERR_NOT_FOUND, mcpring_server_invoke, (server, MCPRING_STR("none"), MCPRING_STR("{}"), &text));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_invoke, (server, MCPRING_STR("one"), MCPRING_STR("{"), &text));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_invoke, (server, MCPRING_STR("one"), MCPRING_STR("[]"), &text));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_invoke, (server, MCPRING_STR("one"), MCPRING_STR("{}"), NULL));
}

void abuse_servers(const char *driver) {
  mcpring_server *server = NULL;
  mcpring_str url;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_new, (MCPRING_STR("a"), MCPRING_STR("1"), NULL));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_new, (not_utf8, MCPRING_STR("1"), &server));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_server_new, (lying, MCPRING_STR("1"), &server));
  HOLDS(mcpring_server_new, server == NULL);
  CHECK(MCPRING_OK, mcpring_server_new, (MCPRING_STR("abuse"), MCPRING_STR("1"), &server));
  settings(server, driver);
  tools(server);
  others(server);
  addresses(server);
  not_started(server);
  plugins(server);
  invokes(server);
  CHECK(MCPRING_OK, mcpring_server_start, (server));
  started(server);
  plugins(server);
  invokes(server);
  CHECK(MCPRING_OK, mcpring_server_stop, (server, false));
  CHECK(MCPRING_OK, mcpring_server_stop, (server, true));
  CHECK(MCPRING_OK, mcpring_server_join, (server));
  CHECK(MCPRING_ERR_STATE, mcpring_server_start, (server));
  CHECK(MCPRING_END, mcpring_server_poll, (server, -1, NULL));
  CHECK(MCPRING_OK, mcpring_server_address, (server, 0, &url));
  CHECK(MCPRING_OK, mcpring_server_free, (server));
  HOLDS(mcpring_server_free, destroyed == 2);
  check_subjects("a server after its end", server_subjects, server_subject_count, server, MCPRING_ERR_HANDLE);
}
