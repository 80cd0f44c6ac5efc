/* Tools whose calls may become tasks, or must. */
#include <stdio.h>

#include "question.h"

static mcpring_status greet(mcpring_call *call, void *row) {
  struct text text = TEXT_INIT;
  mcpring_str name;
  (void)row;
  mcpring_status status = mcpring_call_argument(call, MCPRING_STR("name"), &name);
  if (status) return status;
  text_say(&text, "Hello, ");
  text_add(&text, name);
  text_say(&text, "!");
  return text_reply(&text, call);
}

static void slow_compute(mcpring_call *call) {
  struct text text = TEXT_INIT;
  mcpring_str label = MCPRING_STR("");
  double seconds = 0;
  char words[64];
  mcpring_call_argument_f64(call, MCPRING_STR("seconds"), &seconds);
  mcpring_call_argument(call, MCPRING_STR("label"), &label);
  if (!work_sleep(call, (uint64_t)(seconds * 1000.0))) return;
  text_say(&text, "slow_compute(");
  text_add(&text, label);
  snprintf(words, sizeof(words), ") done after %.15gs", seconds);
  text_say(&text, words);
  text_reply(&text, call);
}

static void failing_job(mcpring_call *call) {
  if (work_sleep(call, 1000)) mcpring_call_fail(call, MCPRING_STR("This job always fails"));
}

static void protocol_error_job(mcpring_call *call) {
  if (work_sleep(call, 200))
    mcpring_call_error(call, -32603, MCPRING_STR("This job never gets as far as a result"),
                       mcpring_str_of(NULL));
}

static mcpring_status confirm_delete(mcpring_call *call, void *row) {
  struct text message = TEXT_INIT, params = TEXT_INIT, text = TEXT_INIT, flag = TEXT_INIT;
  mcpring_str filename;
  (void)row;
  mcpring_status status = mcpring_call_argument(call, MCPRING_STR("filename"), &filename);
  if (status) return status;
  text_say(&message, "Delete ");
  text_add(&message, filename);
  text_say(&message, "?");
  form(&params, text_view(&message), FORM_OF("confirm", "boolean"));
  text_free(&message);
  mcpring_json *answer = ask_text(call, "confirm", ELICIT, &params);
  if (answer == NULL) return MCPRING_OK;
  bool is_confirmed = add_field(&flag, answer, "confirm") && str_is(text_view(&flag), "true");
  mcpring_json_free(answer);
  text_free(&flag);
  text_say(&text, "confirm_delete(");
  text_add(&text, filename);
  text_say(&text, is_confirmed ? "): confirmed = true" : "): confirmed = false");
  return text_reply(&text, call);
}

#define GIVE_FORM(name) \
  "{\"mode\":\"form\",\"message\":\"Give value " name "\",\"requestedSchema\":" \
  FORM_OF("value", "string") "}"

static mcpring_status multi_input(mcpring_call *call, void *row) {
  static const char *const keys[] = {"input-a", "input-b"};
  static const char *const forms[] = {GIVE_FORM("a"), GIVE_FORM("b")};
  struct text text = TEXT_INIT;
  mcpring_str answers[2];
  size_t known = 0;
  (void)row;
  for (size_t i = 0; i < 2; i++)
    known += mcpring_call_answer(call, mcpring_str_of(keys[i]), &answers[i]) !=
             MCPRING_ERR_NOT_FOUND;
  if (known == 0) {
    mcpring_status status = MCPRING_OK;
    for (size_t i = 0; i < 2 && !status; i++)
      status = mcpring_call_ask(call, mcpring_str_of(keys[i]), MCPRING_STR(ELICIT),
                                mcpring_str_of(forms[i]));
    return status ? status : mcpring_call_finish(call);
  }
  text_say(&text, "multi_input: a = ");
  for (size_t i = 0; i < 2; i++) {
    mcpring_json *answer = ask(call, keys[i], ELICIT, mcpring_str_of(forms[i]));
    if (answer == NULL) {
      text_free(&text);
      return MCPRING_OK;
    }
    if (i == 1) text_say(&text, ", b = ");
    add_field(&text, answer, "value");
    mcpring_json_free(answer);
  }
  return text_reply(&text, call);
}

static mcpring_status after_asking(mcpring_call *call, void *row) {
  struct text params = TEXT_INIT, text = TEXT_INIT;
  (void)row;
  form(&params, MCPRING_STR("What is your name?"), FORM_OF("name", "string"));
  mcpring_json *answer = ask_text(call, "user_name", ELICIT, &params);
  if (answer == NULL) return MCPRING_OK;
  /* From here on the client may go its way, and come back for the result. */
  mcpring_call_become_task(call);
  text_say(&text, "Hello, ");
  add_field(&text, answer, "name");
  text_say(&text, "! (by a task)");
  mcpring_json_free(answer);
  return text_reply(&text, call);
}

#define COMPUTE_SCHEMA \
  "{\"type\":\"object\",\"properties\":{\"seconds\":{\"type\":\"number\",\"format\":\"double\"," \
  "\"description\":\"How long it takes.\",\"minimum\":0,\"maximum\":3600,\"default\":0.0}," \
  "\"label\":{\"type\":\"string\",\"description\":\"What it is called.\",\"default\":\"\"}}}"

static const struct tool_row tools[] = {
    {"greet", "Greets, and is never a task.", TEXT_SCHEMA("name", "Whom."), greet, NULL,
     MCPRING_RUN_INLINE, MCPRING_TASK_FORBIDDEN, false},
    {"slow_compute", "Takes its time, and may be a task.", COMPUTE_SCHEMA, NULL, slow_compute,
     MCPRING_RUN_INLINE, MCPRING_TASK_OPTIONAL, false},
    {"failing_job", "Is a task, and fails as a tool fails.", NO_ARGUMENTS, NULL, failing_job,
     MCPRING_RUN_INLINE, MCPRING_TASK_REQUIRED, false},
    {"protocol_error_job", "May be a task, and fails as a request fails.", NO_ARGUMENTS, NULL,
     protocol_error_job, MCPRING_RUN_INLINE, MCPRING_TASK_OPTIONAL, false},
    {"confirm_delete", "Is a task that asks once.",
     TEXT_SCHEMA("filename", "Which file; nothing happens to it."), confirm_delete, NULL,
     MCPRING_RUN_POOL, MCPRING_TASK_REQUIRED, false},
    {"multi_input", "Is a task that asks two questions at once.", NO_ARGUMENTS, multi_input, NULL,
     MCPRING_RUN_POOL, MCPRING_TASK_REQUIRED, false},
    {"test_tool_with_task", "Asks for a name, and is a task afterwards.", NO_ARGUMENTS,
     after_asking, NULL, MCPRING_RUN_POOL, MCPRING_TASK_REQUIRED, true},
};

mcpring_status add_task_tools(mcpring_server *server) {
  return add_tools(server, tools, COUNT(tools), NULL);
}
