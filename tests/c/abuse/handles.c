/* Handles that are none, and the functions that take no handle. */
#include "abuse.h"

#include <stdio.h>
#include <string.h>

static mcpring_status deny(mcpring_call *call, void *user_data) {
  (void)call;
  (void)user_data;
  return MCPRING_ERR_CALLBACK;
}

static mcpring_tool a_tool(void) {
  mcpring_tool tool = MCPRING_TOOL_INIT;
  tool.name = MCPRING_STR("tool");
  tool.call = deny;
  return tool;
}

static mcpring_status add_tool(void *h) {
  mcpring_tool tool = a_tool();
  return mcpring_server_add_tool((mcpring_server *)h, &tool);
}

static mcpring_status add_resource(void *h) {
  mcpring_resource resource = MCPRING_RESOURCE_INIT;
  resource.uri = MCPRING_STR("abuse://resource");
  resource.name = MCPRING_STR("resource");
  resource.text = MCPRING_STR("text");
  return mcpring_server_add_resource((mcpring_server *)h, &resource);
}

static mcpring_status add_template(void *h) {
  mcpring_template form = MCPRING_TEMPLATE_INIT;
  form.uri_template = MCPRING_STR("abuse://{id}/x");
  form.name = MCPRING_STR("template");
  form.call = deny;
  return mcpring_server_add_template((mcpring_server *)h, &form);
}

static mcpring_status add_prompt(void *h) {
  mcpring_prompt prompt = MCPRING_PROMPT_INIT;
  prompt.name = MCPRING_STR("prompt");
  prompt.call = deny;
  return mcpring_server_add_prompt((mcpring_server *)h, &prompt);
}

static mcpring_str url;
static int descriptor;
static size_t number;
static mcpring_text *text;

#define S (mcpring_server *)h
USE(mcpring_server_free, mcpring_server_free(S))
USE(mcpring_server_configure, mcpring_server_configure(S, MCPRING_STR("{}")))
USE(mcpring_server_listen, mcpring_server_listen(S, MCPRING_STR("http://127.0.0.1:0")))
USE(mcpring_server_add_tool, add_tool(h))
USE(mcpring_server_add_resource, add_resource(h))
USE(mcpring_server_add_template, add_template(h))
USE(mcpring_server_add_prompt, add_prompt(h))
USE(mcpring_server_remove, mcpring_server_remove(S, MCPRING_TOOL, MCPRING_STR("tool")))
USE(mcpring_server_start, mcpring_server_start(S))
USE(mcpring_server_run, mcpring_server_run(S))
USE(mcpring_server_stop, mcpring_server_stop(S, true))
USE(mcpring_server_join, mcpring_server_join(S))
USE(mcpring_server_address, mcpring_server_address(S, 0, &url))
USE(mcpring_server_fd, mcpring_server_fd(S, &descriptor))
USE(mcpring_server_poll, mcpring_server_poll(S, 0, &number))
USE(mcpring_server_resource_updated, mcpring_server_resource_updated(S, MCPRING_STR("abuse://resource")))
USE(mcpring_server_elicitation_done, mcpring_server_elicitation_done(S, MCPRING_STR("id")))
USE(mcpring_server_metrics, mcpring_server_metrics(S, &text))
USE(mcpring_server_invoke, mcpring_server_invoke(S, MCPRING_STR("tool"), MCPRING_STR("{}"), &text))
USE(mcpring_server_load_plugin, mcpring_server_load_plugin(S, MCPRING_STR("/nonexistent.so")))
USE(mcpring_server_close_plugin, mcpring_server_close_plugin(S, MCPRING_STR("/nonexistent.so")))
USE(mcpring_server_plugins, mcpring_server_plugins(S, &text))
#undef S

const subject server_subjects[] = {
  SUBJECT(mcpring_server_free),         SUBJECT(mcpring_server_configure),
  SUBJECT(mcpring_server_listen),       SUBJECT(mcpring_server_add_tool),
  SUBJECT(mcpring_server_add_resource), SUBJECT(mcpring_server_add_template),
  SUBJECT(mcpring_server_add_prompt),   SUBJECT(mcpring_server_remove),
  SUBJECT(mcpring_server_start),        SUBJECT(mcpring_server_run),
  SUBJECT(mcpring_server_stop),         SUBJECT(mcpring_server_join),
  SUBJECT(mcpring_server_address),      SUBJECT(mcpring_server_fd),
  SUBJECT(mcpring_server_poll),         SUBJECT(mcpring_server_resource_updated),
  SUBJECT(mcpring_server_elicitation_done), SUBJECT(mcpring_server_metrics),
  SUBJECT(mcpring_server_invoke),       SUBJECT(mcpring_server_load_plugin),
  SUBJECT(mcpring_server_close_plugin), SUBJECT(mcpring_server_plugins),
};
const size_t server_subject_count = COUNT(server_subjects);

static mcpring_content a_content(void) {
  mcpring_content content = MCPRING_CONTENT_INIT;
  content.data = MCPRING_STR("text");
  return content;
}

static mcpring_status add_content(void *h) {
  mcpring_content content = a_content();
  return mcpring_call_add((mcpring_call *)h, &content);
}

static mcpring_server *server;
static bool flag;
static uint64_t ms;
static int64_t whole;
static double real;

#define C (mcpring_call *)h
USE(mcpring_call_fact, mcpring_call_fact(C, MCPRING_FACT_NAME, &url))
USE(mcpring_call_arguments, mcpring_call_arguments(C, &url))
USE(mcpring_call_argument, mcpring_call_argument(C, MCPRING_STR("a"), &url))
USE(mcpring_call_argument_i64, mcpring_call_argument_i64(C, MCPRING_STR("a"), &whole))
USE(mcpring_call_argument_f64, mcpring_call_argument_f64(C, MCPRING_STR("a"), &real))
USE(mcpring_call_argument_bool, mcpring_call_argument_bool(C, MCPRING_STR("a"), &flag))
USE(mcpring_call_can_ask, mcpring_call_can_ask(C, MCPRING_STR("roots/list"), MCPRING_STR("{}"), &flag))
USE(mcpring_call_variable, mcpring_call_variable(C, MCPRING_STR("a"), &url))
USE(mcpring_call_server, mcpring_call_server(C, &server))
USE(mcpring_call_cancelled, mcpring_call_cancelled(C, &flag))
USE(mcpring_call_time_left, mcpring_call_time_left(C, &ms))
USE(mcpring_call_progress, mcpring_call_progress(C, 1.0, 2.0, MCPRING_STR("half")))
USE(mcpring_call_log, mcpring_call_log(C, MCPRING_LEVEL_INFO, MCPRING_STR("abuse"), MCPRING_STR("words")))
USE(mcpring_call_log_json, mcpring_call_log_json(C, MCPRING_LEVEL_INFO, MCPRING_STR("abuse"), MCPRING_STR("{}")))
USE(mcpring_call_keep, mcpring_call_keep(C))
USE(mcpring_call_add, add_content(h))
USE(mcpring_call_add_text, mcpring_call_add_text(C, MCPRING_STR("text")))
USE(mcpring_call_set_structured, mcpring_call_set_structured(C, MCPRING_STR("{}")))
USE(mcpring_call_set_meta, mcpring_call_set_meta(C, MCPRING_STR("{}")))
USE(mcpring_call_set_description, mcpring_call_set_description(C, MCPRING_STR("words")))
USE(mcpring_call_set_total, mcpring_call_set_total(C, 1, false))
USE(mcpring_call_finish, mcpring_call_finish(C))
USE(mcpring_call_fail, mcpring_call_fail(C, MCPRING_STR("words")))
USE(mcpring_call_error, mcpring_call_error(C, -32000, MCPRING_STR("words"), MCPRING_STR("{}")))
USE(mcpring_call_reply_text, mcpring_call_reply_text(C, MCPRING_STR("text")))
USE(mcpring_call_reply_json, mcpring_call_reply_json(C, MCPRING_STR("{}")))
USE(mcpring_call_reply_blob, mcpring_call_reply_blob(C, MCPRING_STR("bytes"), MCPRING_STR("image/png")))
USE(mcpring_call_ask, mcpring_call_ask(C, MCPRING_STR("key"), MCPRING_STR("roots/list"), MCPRING_STR("{}")))
USE(mcpring_call_answer, mcpring_call_answer(C, MCPRING_STR("key"), &url))
USE(mcpring_call_set_state, mcpring_call_set_state(C, MCPRING_STR("bytes")))
USE(mcpring_call_state, mcpring_call_state(C, &url))
USE(mcpring_call_close_stream, mcpring_call_close_stream(C))
USE(mcpring_call_elicited, mcpring_call_elicited(C, MCPRING_STR("id")))
USE(mcpring_call_become_task, mcpring_call_become_task(C))
USE(mcpring_call_task_status, mcpring_call_task_status(C, MCPRING_STR("words")))
#undef C

const subject call_subjects[] = {
  SUBJECT(mcpring_call_fact),         SUBJECT(mcpring_call_arguments),
  SUBJECT(mcpring_call_argument),     SUBJECT(mcpring_call_variable),
  SUBJECT(mcpring_call_argument_i64), SUBJECT(mcpring_call_argument_f64),
  SUBJECT(mcpring_call_argument_bool), SUBJECT(mcpring_call_can_ask),
  SUBJECT(mcpring_call_server),       SUBJECT(mcpring_call_cancelled),
  SUBJECT(mcpring_call_time_left),    SUBJECT(mcpring_call_progress),
  SUBJECT(mcpring_call_log),          SUBJECT(mcpring_call_log_json),
  SUBJECT(mcpring_call_keep),         SUBJECT(mcpring_call_add),
  SUBJECT(mcpring_call_add_text),     SUBJECT(mcpring_call_set_structured),
  SUBJECT(mcpring_call_set_meta),     SUBJECT(mcpring_call_set_description),
  SUBJECT(mcpring_call_set_total),    SUBJECT(mcpring_call_finish),
  SUBJECT(mcpring_call_fail),         SUBJECT(mcpring_call_error),
  SUBJECT(mcpring_call_reply_text),   SUBJECT(mcpring_call_reply_json),
  SUBJECT(mcpring_call_reply_blob),   SUBJECT(mcpring_call_ask),
  SUBJECT(mcpring_call_answer),       SUBJECT(mcpring_call_set_state),
  SUBJECT(mcpring_call_state),        SUBJECT(mcpring_call_close_stream),
  SUBJECT(mcpring_call_elicited),     SUBJECT(mcpring_call_become_task),
  SUBJECT(mcpring_call_task_status),
};
const size_t call_subject_count = COUNT(call_subjects);

USE(mcpring_text_view, mcpring_text_view((mcpring_text *)h, &url))
USE(mcpring_text_free, mcpring_text_free((mcpring_text *)h))

static const subject text_subjects[] = {SUBJECT(mcpring_text_view), SUBJECT(mcpring_text_free)};

static int logged;
static int log_destroyed;

/* The log function may not call the library, and is not called again for trying. */
static void log_line(void *user_data, mcpring_level level, mcpring_str reason, mcpring_str line) {
  (void)user_data;
  HOLDS(mcpring_set_log, level <= MCPRING_LEVEL_EMERGENCY && reason.len > 0 && line.len > 0);
  CHECK(MCPRING_ERR_STATE, mcpring_set_log, (NULL, NULL, NULL));
  CHECK(MCPRING_ERR_STATE, mcpring_server_free, (NULL));
  CHECK(MCPRING_ERR_STATE, mcpring_schema_free, (NULL));
  CHECK(MCPRING_ERR_STATE, mcpring_text_free, (NULL));
  logged++;
}

static void destroy_log(void *user_data) {
  (void)user_data;
  CHECK(MCPRING_ERR_STATE, mcpring_set_log, (NULL, NULL, NULL));
  log_destroyed++;
}

static void abuse_log(void) {
  mcpring_server *server_ = NULL;
  mcpring_tool tool = a_tool();
  mcpring_text *result = NULL;
  CHECK(MCPRING_OK, mcpring_set_log, (log_line, NULL, destroy_log));
  CHECK(MCPRING_OK, mcpring_server_new, (MCPRING_STR("log"), MCPRING_STR("1"), &server_));
  CHECK(MCPRING_OK, mcpring_server_add_tool, (server_, &tool));
  CHECK(MCPRING_OK, mcpring_server_invoke, (server_, MCPRING_STR("tool"), MCPRING_STR("{}"), &result));
  CHECK(MCPRING_OK, mcpring_text_free, (result));
  CHECK(MCPRING_OK, mcpring_server_free, (server_));
  HOLDS(mcpring_set_log, logged == 1 && log_destroyed == 0);
  CHECK(MCPRING_OK, mcpring_set_log, (NULL, NULL, NULL));
  HOLDS(mcpring_set_log, log_destroyed == 1);
}

void abuse_general(void) {
  static const mcpring_status statuses[] = {
    MCPRING_OK,           MCPRING_MORE,          MCPRING_END,           MCPRING_ERR_ARGUMENT,
    MCPRING_ERR_HANDLE,   MCPRING_ERR_THREAD,    MCPRING_ERR_DONE,      MCPRING_ERR_STATE,
    MCPRING_ERR_NOT_FOUND, MCPRING_ERR_SPACE,    MCPRING_ERR_UNSUPPORTED, MCPRING_ERR_REFUSED,
    MCPRING_ERR_USAGE,    MCPRING_ERR_LIMIT,     MCPRING_ERR_SYSTEM,    MCPRING_ERR_INTERNAL,
    MCPRING_ERR_MALFORMED, MCPRING_ERR_INVALID,  MCPRING_ERR_PLUGIN,    MCPRING_ERR_CALLBACK,
  };
  size_t at;
  size_t other;
  HOLDS(mcpring_version, mcpring_version() == MCPRING_VERSION_NUMBER);
  HOLDS(mcpring_version_text, strcmp(mcpring_version_text(), MCPRING_VERSION) == 0);
  HOLDS(mcpring_abi, mcpring_abi() == MCPRING_ABI);
  for (at = 0; at < COUNT(statuses); at++) {
    const char *name = mcpring_status_name(statuses[at]);
    HOLDS(mcpring_status_name, strncmp(name, "MCPRING_", 8) == 0);
    for (other = 0; other < at; other++) {
      HOLDS(mcpring_status_name, strcmp(name, mcpring_status_name(statuses[other])) != 0);
    }
  }
  HOLDS(mcpring_status_name, mcpring_status_name(-12345) != NULL);
  CHECK(MCPRING_ERR_HANDLE, mcpring_server_stop, (NULL, true));
  HOLDS(mcpring_last_error, mcpring_last_error().len > 0);
  HOLDS(mcpring_last_error, strlen(mcpring_last_error().data) == mcpring_last_error().len);
  abuse_log();
}

/* What looks like a handle and is none: small numbers, all bits, an address of the stack and of the heap's neighbourhood. */
static void check_all(const char *what, void *handle, mcpring_status expected, size_t skip_free) {
  check_subjects(what, server_subjects + skip_free, server_subject_count - skip_free, handle, expected);
  check_subjects(what, call_subjects, call_subject_count, handle, expected);
  check_subjects(what, text_subjects, COUNT(text_subjects) - skip_free, handle, expected);
}

void abuse_handles(void) {
  int local = 0;
  static const uintptr_t numbers[] = {1, 2, 3, 7, 4096, UINTPTR_MAX, UINTPTR_MAX - 1, UINTPTR_MAX / 2, UINTPTR_MAX / 3};
  mcpring_server *stale = NULL;
  mcpring_text *metrics = NULL;
  mcpring_str view;
  size_t at;
  check_all("NULL", NULL, MCPRING_ERR_HANDLE, 1);
  CHECK(MCPRING_OK, mcpring_server_free, (NULL));
  CHECK(MCPRING_OK, mcpring_text_free, (NULL));
  for (at = 0; at < COUNT(numbers); at++) {
    check_all("number", (void *)numbers[at], MCPRING_ERR_HANDLE, 0);
  }
  check_all("address", &local, MCPRING_ERR_HANDLE, 0);

  CHECK(MCPRING_OK, mcpring_server_new, (MCPRING_STR("abuse"), MCPRING_STR("1"), &stale));
  /* A handle of another kind is none of this one. */
  check_subjects("server as call", call_subjects, call_subject_count, stale, MCPRING_ERR_HANDLE);
  check_subjects("server as text", text_subjects, COUNT(text_subjects), stale, MCPRING_ERR_HANDLE);
  CHECK(MCPRING_OK, mcpring_server_free, (stale));
  check_all("freed server", stale, MCPRING_ERR_HANDLE, 0);

  CHECK(MCPRING_OK, mcpring_server_new, (MCPRING_STR("abuse"), MCPRING_STR("1"), &stale));
  CHECK(MCPRING_OK, mcpring_server_plugins, (stale, &metrics));
  CHECK(MCPRING_OK, mcpring_text_view, (metrics, &view));
  HOLDS(mcpring_text_view, view.len == strlen(view.data));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_text_view, (metrics, NULL));
  check_subjects("text as server", server_subjects, server_subject_count, metrics, MCPRING_ERR_HANDLE);
  CHECK(MCPRING_OK, mcpring_text_free, (metrics));
  check_all("freed text", metrics, MCPRING_ERR_HANDLE, 0);
  CHECK(MCPRING_OK, mcpring_server_free, (stale));
  CHECK(MCPRING_ERR_HANDLE, mcpring_server_free, (stale));
}
