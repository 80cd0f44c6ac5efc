/* Tools that take time or reach beyond their call: progress, log messages, cancelling, polling,
 * and changes of the server that everyone hears of.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>

#include "everything.h"

/* Between two words of a tool that talks while it works. */
#define STEP_MS 50

static void logging(mcpring_call *call) {
  static const char *const lines[] = {"Tool execution started", "Tool processing data",
                                      "Tool execution completed"};
  for (size_t i = 0; i < COUNT(lines); i++) {
    mcpring_call_log(call, MCPRING_LEVEL_INFO, mcpring_str_of(NULL), mcpring_str_of(lines[i]));
    if (!work_sleep(call, STEP_MS)) return;
  }
  mcpring_call_reply_text(call, MCPRING_STR("Logging test completed"));
}

static void progress(mcpring_call *call) {
  static const char *const words[] = {"Starting", "Halfway", "Complete"};
  for (size_t i = 0; i < COUNT(words); i++) {
    mcpring_call_progress(call, 50.0 * (double)i, 100.0, mcpring_str_of(words[i]));
    if (!work_sleep(call, STEP_MS)) return;
  }
  mcpring_call_reply_text(call, MCPRING_STR("Progress test completed"));
}

static mcpring_status log_once(mcpring_call *call, void *row) {
  (void)row;
  mcpring_status status = mcpring_call_log(call, MCPRING_LEVEL_INFO, mcpring_str_of(NULL),
                                           MCPRING_STR("The level was asked for"));
  return status ? status
                : mcpring_call_reply_text(call, MCPRING_STR("Logged, if that was asked for"));
}

static void reconnection(mcpring_call *call) {
  mcpring_call_close_stream(call);
  if (work_sleep(call, 2 * STEP_MS))
    mcpring_call_reply_text(call, MCPRING_STR("Reconnection test completed"));
}

static void sleep_ms(mcpring_call *call) {
  int64_t ms = 0;
  char words[64];
  mcpring_call_argument_i64(call, MCPRING_STR("ms"), &ms);
  if (!work_sleep(call, (uint64_t)ms)) return;
  snprintf(words, sizeof(words), "slept %lld ms", (long long)ms);
  mcpring_call_reply_text(call, mcpring_str_of(words));
}

static mcpring_status update_resource(mcpring_call *call, void *row) {
  struct text text = TEXT_INIT;
  mcpring_server *server = NULL;
  mcpring_str uri;
  (void)row;
  mcpring_status status = mcpring_call_argument(call, MCPRING_STR("uri"), &uri);
  if (!status) status = mcpring_call_server(call, &server);
  if (!status) status = mcpring_server_resource_updated(server, uri);
  if (status) return mcpring_call_fail(call, mcpring_last_error());
  text_add(&text, uri);
  text_say(&text, " was updated");
  return text_reply(&text, call);
}

/* One change at a time: whether to add or to remove depends on what is there. */
static pthread_mutex_t change_lock = PTHREAD_MUTEX_INITIALIZER;

static mcpring_status here_for_now(mcpring_call *call, void *user_data) {
  (void)user_data;
  return mcpring_call_reply_text(call, MCPRING_STR("here for now"));
}

static mcpring_status add_dynamic(mcpring_server *server, mcpring_feature feature) {
  mcpring_tool tool = MCPRING_TOOL_INIT;
  mcpring_prompt prompt = MCPRING_PROMPT_INIT;
  tool.name = MCPRING_STR("test_dynamic_tool");
  tool.input_schema = MCPRING_STR(NO_ARGUMENTS);
  prompt.name = MCPRING_STR("test_dynamic_prompt");
  tool.description = prompt.description = MCPRING_STR("Comes and goes.");
  tool.call = prompt.call = here_for_now;
  return feature == MCPRING_TOOL ? mcpring_server_add_tool(server, &tool)
                                 : mcpring_server_add_prompt(server, &prompt);
}

static mcpring_status change(mcpring_call *call, mcpring_feature feature, const char *name,
                             const char *removed, const char *added) {
  mcpring_server *server = NULL;
  const char *words = removed;
  mcpring_status status = mcpring_call_server(call, &server);
  if (status) return status;
  pthread_mutex_lock(&change_lock);
  status = mcpring_server_remove(server, feature, mcpring_str_of(name));
  if (status == MCPRING_ERR_NOT_FOUND) {
    words = added;
    status = add_dynamic(server, feature);
  }
  pthread_mutex_unlock(&change_lock);
  return status ? mcpring_call_fail(call, mcpring_last_error())
                : mcpring_call_reply_text(call, mcpring_str_of(words));
}

static mcpring_status change_tool(mcpring_call *call, void *row) {
  (void)row;
  return change(call, MCPRING_TOOL, "test_dynamic_tool", "A tool was removed", "A tool was added");
}

static mcpring_status change_prompt(mcpring_call *call, void *row) {
  (void)row;
  return change(call, MCPRING_PROMPT, "test_dynamic_prompt", "A prompt was removed",
                "A prompt was added");
}

#define MS_SCHEMA \
  "{\"type\":\"object\",\"properties\":{\"ms\":{\"type\":\"integer\",\"format\":\"uint64\"," \
  "\"minimum\":0,\"description\":\"How long, in milliseconds.\",\"maximum\":600000}}," \
  "\"required\":[\"ms\"]}"

#define ROW(name, description, schema, call, work) \
  {name, description, schema, call, work, MCPRING_RUN_POOL, MCPRING_TASK_FORBIDDEN, false}

static const struct tool_row tools[] = {
    ROW("test_tool_with_logging", "Logs three messages.", NO_ARGUMENTS, NULL, logging),
    ROW("test_tool_with_progress", "Reports its progress.", NO_ARGUMENTS, NULL, progress),
    ROW("test_logging_tool", "Logs one message to whoever asked for messages.", NO_ARGUMENTS,
        log_once, NULL),
    ROW("test_reconnection", "Lets its client come back for the answer.", NO_ARGUMENTS, NULL,
        reconnection),
    ROW("sleep", "Waits before it answers, and stops waiting when it is cancelled.", MS_SCHEMA,
        NULL, sleep_ms),
    ROW("update_resource", "Tells the subscribers of a resource that it changed.",
        TEXT_SCHEMA("uri", "Which resource."), update_resource, NULL),
    ROW("test_trigger_tool_change", "Adds a tool, or removes it again.", NO_ARGUMENTS, change_tool,
        NULL),
    ROW("test_trigger_prompt_change", "Adds a prompt, or removes it again.", NO_ARGUMENTS,
        change_prompt, NULL),
};

mcpring_status add_logic_tools(mcpring_server *server) {
  return add_tools(server, tools, COUNT(tools), NULL);
}
