/* A first server: one tool, over HTTP, TCP or standard input and output.
 *
 *   ./echo --http 127.0.0.1:8080
 */
#include "options.h"

static mcpring_status echo(mcpring_call *call, void *user_data) {
  mcpring_str message;
  mcpring_status status = mcpring_call_argument(call, MCPRING_STR("message"), &message);
  (void)user_data;
  return status ? status : mcpring_call_reply_text(call, message);
}

int main(int argc, char **argv) {
  mcpring_server *server = NULL;
  mcpring_tool tool = MCPRING_TOOL_INIT;
  tool.name = MCPRING_STR("echo");
  tool.description = MCPRING_STR("Says what it was told.");
  tool.input_schema = MCPRING_STR("{\"type\":\"object\",\"required\":[\"message\"],"
                                  "\"properties\":{\"message\":{\"type\":\"string\"}}}");
  tool.execution = MCPRING_RUN_INLINE; /* it never blocks */
  tool.call = echo;
  if (options_failed(mcpring_server_new(MCPRING_STR("echo"), MCPRING_STR("1.0"), &server), "new"))
    return EXIT_FAILURE;
  if (options_failed(mcpring_server_add_tool(server, &tool), "echo")) {
    mcpring_server_free(server);
    return EXIT_FAILURE;
  }
  return options_serve(server, argc, argv);
}
