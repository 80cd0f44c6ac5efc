/* A server with everything the protocol has, for the official conformance suite and other tests:
 * the same as the example `everything` in Rust, by the same names and with the same answers.
 */
#include "../options.h"
#include "everything.h"

static mcpring_status log_tool_fault(mcpring_status status, const char *name) {
  options_failed(status, name);
  return status;
}

mcpring_status add_tools(mcpring_server *server, const struct tool_row *rows, size_t count,
                         const char *annotations) {
  mcpring_status status = MCPRING_OK;
  for (size_t i = 0; i < count && !status; i++) {
    const struct tool_row *row = &rows[i];
    mcpring_tool tool = MCPRING_TOOL_INIT;
    tool.name = mcpring_str_of(row->name);
    tool.description = mcpring_str_of(row->description);
    tool.input_schema = mcpring_str_of(row->input_schema);
    tool.annotations = mcpring_str_of(annotations);
    tool.execution = row->work ? MCPRING_RUN_INLINE : row->execution;
    tool.task_support = row->task_support;
    tool.task_by_handler = row->task_by_handler;
    tool.call = row->work ? work_begin : row->call;
    tool.user_data = (void *)row;
    status = log_tool_fault(mcpring_server_add_tool(server, &tool), row->name);
  }
  return status;
}

/* The first tool answers a call without arguments, the first resource can be read: the suite takes
 * the first of each. */
static bool add_features(mcpring_server *server) {
  mcpring_str settings = MCPRING_STR(
      "{\"title\":\"Everything\",\"description\":\"Everything the protocol has, for tests.\","
      "\"instructions\":\"Call test_simple_text first; every other tool shows one thing.\","
      "\"list_changes\":true,\"resource_subscriptions\":true,\"logging\":true}");
  return !options_failed(mcpring_server_configure(server, settings), "settings") &&
         !options_failed(add_content_tools(server), "content") &&
         !options_failed(add_logic_tools(server), "logic") &&
         !options_failed(add_asking_tools(server), "asking") &&
         !options_failed(add_input_required_tools(server), "input required") &&
         !options_failed(add_task_tools(server), "tasks") &&
         !options_failed(add_resources(server), "resources") &&
         !options_failed(add_prompts(server), "prompts");
}

int main(int argc, char **argv) {
  mcpring_server *server = NULL;
  mcpring_str version = mcpring_str_of(mcpring_version_text());
  int code = EXIT_FAILURE;
  if (options_failed(mcpring_server_new(MCPRING_STR("everything"), version, &server), "new"))
    return code;
  if (add_features(server))
    code = options_serve(server, argc, argv);
  else
    mcpring_server_free(server);
  work_wait();
  return code;
}
