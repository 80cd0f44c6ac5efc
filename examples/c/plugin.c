/* A plugin: tools for a server that somebody else runs. It links nothing of the library.
 *
 *   mcpring serve --plugin ./plugin.so
 */
#define _POSIX_C_SOURCE 200809L
#include <mcpring_plugin.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* Longest text that is changed. */
#define TEXT_BYTES_MAX 4096

/* Shared by the features of this plugin; the last of them to go frees it. */
struct counter {
  pthread_mutex_t lock;
  int owners;
  unsigned long calls;
};

static void counter_drop(void *user_data) {
  struct counter *counter = (struct counter *)user_data;
  pthread_mutex_lock(&counter->lock);
  bool is_last = --counter->owners == 0;
  pthread_mutex_unlock(&counter->lock);
  if (!is_last) return;
  pthread_mutex_destroy(&counter->lock);
  free(counter);
}

static mcpring_status shout(mcpring_call *call, void *user_data) {
  struct counter *counter = (struct counter *)user_data;
  char loud[TEXT_BYTES_MAX];
  mcpring_str text;
  mcpring_status status = mcpring_call_argument(call, MCPRING_STR("text"), &text);
  if (status) return status;
  if (text.len > sizeof(loud)) return mcpring_call_fail(call, MCPRING_STR("that is too long"));
  for (size_t i = 0; i < text.len; i++) {
    char letter = text.data[i];
    loud[i] = letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
  }
  pthread_mutex_lock(&counter->lock);
  counter->calls++;
  pthread_mutex_unlock(&counter->lock);
  return mcpring_call_reply_text(call, mcpring_bytes(loud, text.len));
}

static mcpring_status read_calls(mcpring_call *call, void *user_data) {
  struct counter *counter = (struct counter *)user_data;
  char words[32];
  pthread_mutex_lock(&counter->lock);
  snprintf(words, sizeof(words), "%lu", counter->calls);
  pthread_mutex_unlock(&counter->lock);
  return mcpring_call_reply_text(call, mcpring_str_of(words));
}

/* Adding takes over the user data, also when it fails: destroy is called exactly once. */
static mcpring_status add_features(mcpring_server *server) {
  mcpring_tool tool = MCPRING_TOOL_INIT;
  mcpring_resource resource = MCPRING_RESOURCE_INIT;
  struct counter *counter = (struct counter *)malloc(sizeof(*counter));
  if (counter == NULL) return MCPRING_ERR_CALLBACK;
  pthread_mutex_init(&counter->lock, NULL);
  counter->owners = 2;
  counter->calls = 0;
  tool.name = MCPRING_STR("shout");
  tool.description = MCPRING_STR("Says it in capitals.");
  tool.input_schema = MCPRING_STR("{\"type\":\"object\",\"required\":[\"text\"],"
                                  "\"properties\":{\"text\":{\"type\":\"string\"}}}");
  tool.execution = MCPRING_RUN_INLINE;
  tool.call = shout;
  tool.user_data = counter;
  tool.destroy = counter_drop;
  resource.uri = MCPRING_STR("plugin://shouts");
  resource.name = MCPRING_STR("shouts");
  resource.description = MCPRING_STR("How often something was shouted.");
  resource.mime_type = MCPRING_STR("text/plain");
  resource.execution = MCPRING_RUN_INLINE;
  resource.call = read_calls;
  resource.user_data = counter;
  resource.destroy = counter_drop;
  mcpring_status tool_status = mcpring_server_add_tool(server, &tool);
  mcpring_status status = mcpring_server_add_resource(server, &resource);
  return tool_status ? tool_status : status;
}

MCPRING_PLUGIN(add_features)
