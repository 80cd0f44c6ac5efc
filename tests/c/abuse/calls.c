/* Calls: before and after their answer, from their thread and from others, kept and stale, and what a callback may do
 * to its server. They are made in the process (mcpring_server_invoke), so that each check knows where it runs. */
#include "abuse.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLY_BYTES = 16 << 20 };

static mcpring_call *last_call;
static mcpring_server *the_server;

/* Everything that reads or adds, refused by what a call of this kind cannot have, with nowhere to write to. */
static mcpring_status reads(mcpring_call *call, void *user_data) {
  mcpring_str view;
  uint64_t ms = 0;
  int64_t whole = 0;
  double real = 0.0;
  bool flag = true;
  mcpring_content content = MCPRING_CONTENT_INIT;
  static const mcpring_str not_utf8 = MCPRING_STR_INIT("\xff");
  static const mcpring_str lying = {NULL, 5};
  (void)user_data;
  last_call = call;
  check_subjects_elsewhere("a call of another thread", call_subjects, call_subject_count, call, MCPRING_ERR_THREAD);
  CHECK(MCPRING_OK, mcpring_call_fact, (call, MCPRING_FACT_NAME, &view));
  CHECK(MCPRING_ERR_NOT_FOUND, mcpring_call_fact, (call, MCPRING_FACT_TASK_ID, &view));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_fact, (call, 99, &view));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_fact, (call, MCPRING_FACT_NAME, NULL));
  CHECK(MCPRING_OK, mcpring_call_arguments, (call, &view));
  HOLDS(mcpring_call_arguments, view.len == strlen("{\"a\": \"x\\u0000y\"}"));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_arguments, (call, NULL));
  CHECK(MCPRING_OK, mcpring_call_argument, (call, MCPRING_STR("a"), &view));
  HOLDS(mcpring_call_argument, view.len == 3 && memcmp(view.data, "x\0y", 3) == 0);
  CHECK(MCPRING_ERR_NOT_FOUND, mcpring_call_argument, (call, MCPRING_STR("none"), &view));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_argument, (call, not_utf8, &view));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_argument, (call, MCPRING_STR("a"), NULL));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_argument_i64, (call, MCPRING_STR("a"), &whole));
  CHECK(MCPRING_ERR_NOT_FOUND, mcpring_call_argument_i64, (call, MCPRING_STR("none"), &whole));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_argument_i64, (call, MCPRING_STR("a"), NULL));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_argument_f64, (call, MCPRING_STR("a"), &real));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_argument_f64, (call, lying, &real));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_argument_bool, (call, MCPRING_STR("a"), &flag));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_can_ask, (call, MCPRING_STR("no/such"), MCPRING_STR("{}"), &flag));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_can_ask, (call, MCPRING_STR("roots/list"), MCPRING_STR("{}"), NULL));
  CHECK(MCPRING_OK, mcpring_call_can_ask, (call, MCPRING_STR("roots/list"), MCPRING_STR("{}"), &flag));
  HOLDS(mcpring_call_can_ask, !flag);
  CHECK(MCPRING_ERR_NOT_FOUND, mcpring_call_variable, (call, MCPRING_STR("id"), &view));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_variable, (call, lying, &view));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_server, (call, NULL));
  CHECK(MCPRING_OK, mcpring_call_cancelled, (call, &flag));
  HOLDS(mcpring_call_cancelled, !flag);
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_cancelled, (call, NULL));
  CHECK(MCPRING_OK, mcpring_call_time_left, (call, &ms));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_time_left, (call, NULL));
  CHECK(MCPRING_OK, mcpring_call_progress, (call, 1.0, 0.0, MCPRING_STR("")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_progress, (call, 1.0, 2.0, not_utf8));
  CHECK(MCPRING_OK, mcpring_call_log, (call, MCPRING_LEVEL_INFO, MCPRING_STR("abuse"), MCPRING_STR("words")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_log, (call, 88, MCPRING_STR("abuse"), MCPRING_STR("words")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_log, (call, MCPRING_LEVEL_INFO, not_utf8, MCPRING_STR("words")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_log_json, (call, MCPRING_LEVEL_INFO, MCPRING_STR("abuse"), MCPRING_STR("{")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_add, (call, NULL));
  content.struct_size = 2;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_add, (call, &content));
  content.struct_size = sizeof content;
  content.kind = 55;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_add, (call, &content));
  content.kind = MCPRING_CONTENT_TEXT;
  content.data = not_utf8;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_add, (call, &content));
  content.data = MCPRING_STR("fine");
  content.annotations = MCPRING_STR("{");
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_add, (call, &content));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_add_text, (call, lying));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_set_structured, (call, MCPRING_STR("{")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_set_meta, (call, MCPRING_STR("[1]")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_error, (call, -1, not_utf8, MCPRING_STR("{}")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_error, (call, -1, MCPRING_STR("words"), MCPRING_STR("{")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_fail, (call, not_utf8));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_reply_text, (call, not_utf8));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_reply_json, (call, MCPRING_STR("{")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_reply_blob, (call, lying, MCPRING_STR("image/png")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_ask, (call, MCPRING_STR("key"), MCPRING_STR("no/such"), MCPRING_STR("{}")));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_ask, (call, MCPRING_STR("key"), MCPRING_STR("roots/list"), MCPRING_STR("{")));
  CHECK(MCPRING_ERR_NOT_FOUND, mcpring_call_answer, (call, MCPRING_STR("key"), &view));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_answer, (call, MCPRING_STR("key"), NULL));
  CHECK(MCPRING_ERR_NOT_FOUND, mcpring_call_state, (call, &view));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_state, (call, NULL));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_set_state, (call, lying));
  CHECK(MCPRING_OK, mcpring_call_close_stream, (call));
  CHECK(MCPRING_OK, mcpring_call_elicited, (call, MCPRING_STR("id")));
  CHECK(MCPRING_ERR_UNSUPPORTED, mcpring_call_become_task, (call));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_call_task_status, (call, not_utf8));
  /* After all the refusals it can still be answered, once. */
  CHECK(MCPRING_OK, mcpring_call_reply_text, (call, MCPRING_STR("a\0b")));
  check_subjects("an answered call", call_subjects, call_subject_count, call, MCPRING_ERR_DONE);
  return MCPRING_OK;
}

static mcpring_status silent(mcpring_call *call, void *user_data) {
  (void)user_data;
  last_call = call;
  return MCPRING_OK;
}

static mcpring_status broken(mcpring_call *call, void *user_data) {
  (void)user_data;
  last_call = call;
  return MCPRING_ERR_CALLBACK;
}

static mcpring_status huge(mcpring_call *call, void *user_data) {
  char *bytes = (char *)malloc(REPLY_BYTES);
  mcpring_status status;
  (void)user_data;
  memset(bytes, 'x', REPLY_BYTES);
  status = mcpring_call_reply_text(call, mcpring_bytes(bytes, REPLY_BYTES));
  free(bytes);
  return status;
}

/* What would wait for itself is refused; everything else works from inside. */
static mcpring_status reenters(mcpring_call *call, void *user_data) {
  mcpring_server *server = NULL;
  mcpring_text *text = NULL;
  mcpring_str url;
  mcpring_tool tool = MCPRING_TOOL_INIT;
  (void)user_data;
  CHECK(MCPRING_OK, mcpring_call_server, (call, &server));
  HOLDS(mcpring_call_server, server == the_server);
  CHECK(MCPRING_ERR_THREAD, mcpring_server_free, (server));
  CHECK(MCPRING_ERR_THREAD, mcpring_server_join, (server));
  CHECK(MCPRING_ERR_THREAD, mcpring_server_run, (server));
  CHECK(MCPRING_ERR_THREAD, mcpring_server_poll, (server, 0, NULL));
  CHECK(MCPRING_ERR_STATE, mcpring_server_start, (server));
  CHECK(MCPRING_OK, mcpring_server_address, (server, 0, &url));
  CHECK(MCPRING_OK, mcpring_server_metrics, (server, &text));
  CHECK(MCPRING_OK, mcpring_text_free, (text));
  tool.name = MCPRING_STR("inner");
  tool.call = silent;
  CHECK(MCPRING_OK, mcpring_server_add_tool, (server, &tool));
  CHECK(MCPRING_OK, mcpring_server_remove, (server, MCPRING_TOOL, MCPRING_STR("inner")));
  CHECK(MCPRING_OK, mcpring_server_resource_updated, (server, MCPRING_STR("abuse://x")));
  /* A call inside a call. */
  CHECK(MCPRING_OK, mcpring_server_invoke, (server, MCPRING_STR("reads"), MCPRING_STR("{\"a\": \"x\\u0000y\"}"), &text));
  CHECK(MCPRING_OK, mcpring_text_free, (text));
  return mcpring_call_reply_json(call, MCPRING_STR("{\"fine\": true}"));
}

/* A kept call: any thread, once. */
static pthread_t keeper;
static bool is_kept;

static void *answers_later(void *argument) {
  mcpring_call *call = (mcpring_call *)argument;
  mcpring_str view;
  CHECK(MCPRING_OK, mcpring_call_arguments, (call, &view));
  CHECK(MCPRING_OK, mcpring_call_add_text, (call, MCPRING_STR("later")));
  CHECK(MCPRING_OK, mcpring_call_finish, (call));
  check_subjects("a kept call after its answer", call_subjects, call_subject_count, call, MCPRING_ERR_HANDLE);
  return NULL;
}

static mcpring_status keeps(mcpring_call *call, void *user_data) {
  (void)user_data;
  last_call = call;
  CHECK(MCPRING_OK, mcpring_call_keep, (call));
  CHECK(MCPRING_OK, mcpring_call_keep, (call));
  is_kept = pthread_create(&keeper, NULL, answers_later, call) == 0;
  return is_kept ? MCPRING_OK : MCPRING_ERR_CALLBACK;
}

/* A kept call that nobody answers ends at its deadline; its handle is still there to be given back. */
static mcpring_status forgets(mcpring_call *call, void *user_data) {
  (void)user_data;
  last_call = call;
  return mcpring_call_keep(call);
}

static mcpring_status asks(mcpring_call *call, void *user_data) {
  (void)user_data;
  CHECK(MCPRING_OK, mcpring_call_ask, (call, MCPRING_STR("key"), MCPRING_STR("roots/list"), MCPRING_STR("{}")));
  CHECK(MCPRING_OK, mcpring_call_set_state, (call, MCPRING_STR("state")));
  return mcpring_call_finish(call);
}

typedef struct row {
  const char *name;
  mcpring_call_fn call;
  mcpring_execution execution;
  const char *arguments;
  mcpring_status status;
  const char *part; /* what the result has in it */
} row;

static const row rows[] = {
  {"reads", reads, MCPRING_RUN_INLINE, "{\"a\": \"x\\u0000y\"}", MCPRING_OK, "a\\u0000b"},
  {"pooled", reads, MCPRING_RUN_POOL, "{\"a\": \"x\\u0000y\"}", MCPRING_OK, "a\\u0000b"},
  {"silent", silent, MCPRING_RUN_POOL, "{}", MCPRING_OK, "\"isError\":true"},
  {"broken", broken, MCPRING_RUN_POOL, "{}", MCPRING_OK, "\"isError\":true"},
  {"huge", huge, MCPRING_RUN_POOL, "{}", MCPRING_OK, "xxxx"},
  {"reenters", reenters, MCPRING_RUN_POOL, "{}", MCPRING_OK, "\"fine\""},
  {"keeps", keeps, MCPRING_RUN_POOL, "{}", MCPRING_OK, "later"},
  {"forgets", forgets, MCPRING_RUN_POOL, "{}", MCPRING_OK, "did not answer"},
  {"asks", asks, MCPRING_RUN_POOL, "{}", MCPRING_ERR_STATE, NULL},
};

static void check_row(mcpring_server *server, const row *one) {
  mcpring_text *text = NULL;
  mcpring_str view = {NULL, 0};
  last_call = NULL;
  is_kept = false;
  CHECK(one->status, mcpring_server_invoke, (server, mcpring_str_of(one->name), mcpring_str_of(one->arguments), &text));
  if (is_kept) {
    pthread_join(keeper, NULL);
  }
  if (one->status == MCPRING_OK) {
    CHECK(MCPRING_OK, mcpring_text_view, (text, &view));
    if (!HOLDS(mcpring_server_invoke, view.data != NULL && strstr(view.data, one->part) != NULL)) {
      printf("  %s: wanted %s in %.200s\n", one->name, one->part, view.data == NULL ? "" : view.data);
    }
    CHECK(MCPRING_OK, mcpring_text_free, (text));
  }
  if (last_call != NULL && one->call == forgets) {
    /* Too late for an answer, not for giving the handle back. */
    mcpring_call_fail(last_call, MCPRING_STR("too late"));
  }
  if (last_call != NULL) {
    check_subjects(one->name, call_subjects, call_subject_count, last_call, MCPRING_ERR_HANDLE);
    check_subjects_elsewhere(one->name, call_subjects, call_subject_count, last_call, MCPRING_ERR_HANDLE);
  }
}

void abuse_calls(const char *driver) {
  mcpring_server *server = NULL;
  char json[128];
  size_t at;
  (void)snprintf(json, sizeof json, "{\"driver\": \"%s\", \"shards\": 1, \"list_changes\": true}", driver);
  CHECK(MCPRING_OK, mcpring_server_new, (MCPRING_STR("abuse"), MCPRING_STR("1"), &server));
  the_server = server;
  CHECK(MCPRING_OK, mcpring_server_configure, (server, mcpring_str_of(json)));
  CHECK(MCPRING_OK, mcpring_server_listen, (server, MCPRING_STR("tcp+line://127.0.0.1:0")));
  for (at = 0; at < COUNT(rows); at++) {
    mcpring_tool tool = MCPRING_TOOL_INIT;
    tool.name = mcpring_str_of(rows[at].name);
    tool.call = rows[at].call;
    tool.execution = rows[at].execution;
    tool.timeout_ms = rows[at].call == forgets ? 50 : 30000;
    CHECK(MCPRING_OK, mcpring_server_add_tool, (server, &tool));
  }
  CHECK(MCPRING_OK, mcpring_server_start, (server));
  for (at = 0; at < COUNT(rows); at++) {
    check_row(server, &rows[at]);
  }
  CHECK(MCPRING_OK, mcpring_server_free, (server));
}
