/* What the files of this server share. */
#ifndef EVERYTHING_H
#define EVERYTHING_H

#include <mcpring.h>

#include "text.h"

#define NO_ARGUMENTS "{\"type\":\"object\",\"additionalProperties\":false}"
/* For tools that take one text. */
#define TEXT_SCHEMA(name, description) \
  "{\"type\":\"object\",\"properties\":{\"" name "\":{\"type\":\"string\"," \
  "\"description\":\"" description "\"}},\"required\":[\"" name "\"]}"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Work on a kept call; answers it. */
typedef void (*work_fn)(mcpring_call *call);

/* One tool: it has a callback, or work that is done on a thread of its own. */
struct tool_row {
  const char *name, *description, *input_schema;
  mcpring_call_fn call;
  work_fn work;
  mcpring_execution execution;
  uint32_t task_support;
  bool task_by_handler;
};

/* main.c */
mcpring_status add_tools(mcpring_server *server, const struct tool_row *rows, size_t count,
                         const char *annotations);

/* Each adds the features of its file. */
mcpring_status add_content_tools(mcpring_server *server);
mcpring_status add_logic_tools(mcpring_server *server);
mcpring_status add_asking_tools(mcpring_server *server);
mcpring_status add_input_required_tools(mcpring_server *server);
mcpring_status add_task_tools(mcpring_server *server);
mcpring_status add_resources(mcpring_server *server);
mcpring_status add_prompts(mcpring_server *server);

/* content.c: a red picture of one pixel. */
mcpring_str pixel(void);

/* work.c: the callback of every tool that has work; its user data is the tool's row. */
mcpring_status work_begin(mcpring_call *call, void *row);
/* Waits so long; false says that nobody waits for the call any more, which has been answered. */
bool work_sleep(mcpring_call *call, uint64_t ms);
/* Waits for the last thread. */
void work_wait(void);

#endif
