/* The building blocks, with nodes that are none, forged walks, short buffers and foreign threads. */
#include "abuse.h"

#include <stdlib.h>
#include <string.h>

static const mcpring_str lying = {NULL, 5};

static mcpring_node node;
static mcpring_kind kind;
static mcpring_str view;
static size_t number;
static mcpring_walk walk;
static char buffer[64];
static int64_t signed_number;
static uint64_t unsigned_number;
static double real;
static bool flag;
static mcpring_schema *schema;
static mcpring_message message;
static mcpring_frame frame;

#define J (mcpring_json *)h
USE(mcpring_json_parse, mcpring_json_parse(J, MCPRING_STR("[1]"), 0))
USE(mcpring_json_kind, mcpring_json_kind(J, 0, &kind))
USE(mcpring_json_raw, mcpring_json_raw(J, 0, &view))
USE(mcpring_json_count, mcpring_json_count(J, 0, &number))
USE(mcpring_json_get, mcpring_json_get(J, 0, MCPRING_STR("a"), &node))
USE(mcpring_json_walk, mcpring_json_walk(J, 0, &walk))
USE(mcpring_json_step, mcpring_json_step(J, &walk, NULL, &node))
USE(mcpring_json_text, mcpring_json_text(J, 0, buffer, sizeof buffer, &view))
USE(mcpring_json_i64, mcpring_json_i64(J, 0, &signed_number))
USE(mcpring_json_u64, mcpring_json_u64(J, 0, &unsigned_number))
USE(mcpring_json_f64, mcpring_json_f64(J, 0, &real))
USE(mcpring_json_bool, mcpring_json_bool(J, 0, &flag))
USE(mcpring_schema_check, mcpring_schema_check(schema, J, 0))
USE(mcpring_message_read, mcpring_message_read(J, 0, &message))
USE(mcpring_json_free, mcpring_json_free(J))

/* The free comes last: it alone takes NULL. */
static const subject json_subjects[] = {
  SUBJECT(mcpring_json_parse), SUBJECT(mcpring_json_kind), SUBJECT(mcpring_json_raw),
  SUBJECT(mcpring_json_count), SUBJECT(mcpring_json_get),  SUBJECT(mcpring_json_walk),
  SUBJECT(mcpring_json_step),  SUBJECT(mcpring_json_text), SUBJECT(mcpring_json_i64),
  SUBJECT(mcpring_json_u64),   SUBJECT(mcpring_json_f64),  SUBJECT(mcpring_json_bool),
  SUBJECT(mcpring_schema_check), SUBJECT(mcpring_message_read), SUBJECT(mcpring_json_free),
};

static size_t at_;
static const mcpring_str some_line = MCPRING_STR_INIT("{}\n");
USE(mcpring_frames_next, mcpring_frames_next((mcpring_frames *)h, some_line, some_line.len, &at_, &frame))
USE(mcpring_frames_finish, mcpring_frames_finish((mcpring_frames *)h, &frame))
USE(mcpring_frames_free, mcpring_frames_free((mcpring_frames *)h))
static const subject frames_subjects[] = {
  SUBJECT(mcpring_frames_next), SUBJECT(mcpring_frames_finish), SUBJECT(mcpring_frames_free)};

static mcpring_json *a_json(const char *text) {
  mcpring_json *json = NULL;
  CHECK(MCPRING_OK, mcpring_json_new, (&json));
  CHECK(MCPRING_OK, mcpring_json_parse, (json, mcpring_str_of(text), 0));
  return json;
}

static void texts(void) {
  static const char *const bad[] = {"", "{", "[1,]", "nul", "\"\\ud800\"", "\"\xff\"", "1 2", "{\"a\" 1}", "01"};
  mcpring_json *json = NULL;
  size_t at;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_new, (NULL));
  CHECK(MCPRING_OK, mcpring_json_new, (&json));
  check_subjects("nothing parsed", json_subjects + 1, COUNT(json_subjects) - 3, json, MCPRING_ERR_STATE);
  for (at = 0; at < COUNT(bad); at++) {
    CHECK(MCPRING_ERR_MALFORMED, mcpring_json_parse, (json, mcpring_str_of(bad[at]), 0));
    check_subjects("malformed", json_subjects + 1, COUNT(json_subjects) - 3, json, MCPRING_ERR_STATE);
  }
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_parse, (json, lying, 0));
  CHECK(MCPRING_OK, mcpring_json_free, (json));
  CHECK(MCPRING_OK, mcpring_json_free, (NULL));
  check_subjects("freed json", json_subjects, COUNT(json_subjects), json, MCPRING_ERR_HANDLE);
}

static void nodes(void) {
  static const mcpring_node bad[] = {10, 1000, UINT32_MAX - 1, MCPRING_NO_NODE};
  mcpring_json *json = a_json("{\"a\": [1, -2, 2.5e400], \"b\\n\": \"x\\u0000y\", \"c\": true}");
  mcpring_node value = 0;
  mcpring_node name = 0;
  mcpring_walk all;
  size_t at;
  for (at = 0; at < COUNT(bad); at++) {
    CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_kind, (json, bad[at], &kind));
    CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_raw, (json, bad[at], &view));
    CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_count, (json, bad[at], &number));
    CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_get, (json, bad[at], MCPRING_STR("a"), &node));
    CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_walk, (json, bad[at], &walk));
    CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_text, (json, bad[at], buffer, sizeof buffer, &view));
    CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_i64, (json, bad[at], &signed_number));
    CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_u64, (json, bad[at], &unsigned_number));
    CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_f64, (json, bad[at], &real));
    CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_bool, (json, bad[at], &flag));
    CHECK(MCPRING_ERR_ARGUMENT, mcpring_message_read, (json, bad[at], &message));
  }
  /* A node of another kind than is asked for. */
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_i64, (json, 0, &signed_number));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_u64, (json, 0, &unsigned_number));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_f64, (json, 0, &real));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_bool, (json, 0, &flag));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_text, (json, 0, buffer, sizeof buffer, &view));
  CHECK(MCPRING_ERR_NOT_FOUND, mcpring_json_get, (json, 0, MCPRING_STR("none"), &node));
  /* Nowhere to write to. */
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_kind, (json, 0, NULL));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_raw, (json, 0, NULL));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_count, (json, 0, NULL));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_get, (json, 0, MCPRING_STR("a"), NULL));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_get, (json, 0, lying, &node));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_walk, (json, 0, NULL));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_step, (json, NULL, &name, &value));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_message_read, (json, 0, NULL));
  /* A text with an escape needs room. */
  CHECK(MCPRING_OK, mcpring_json_get, (json, 0, MCPRING_STR("b\n"), &value));
  CHECK(MCPRING_ERR_SPACE, mcpring_json_text, (json, value, buffer, 2, &view));
  CHECK(MCPRING_ERR_SPACE, mcpring_json_text, (json, value, NULL, 0, &view));
  CHECK(MCPRING_OK, mcpring_json_text, (json, value, buffer, sizeof buffer, &view));
  HOLDS(mcpring_json_text, view.len == 3 && memcmp(view.data, "x\0y", 3) == 0);
  /* Forged walks end or are refused; none leads astray. */
  CHECK(MCPRING_OK, mcpring_json_walk, (json, 0, &all));
  all.left = UINT32_MAX;
  for (at = 0; at < 100; at++) {
    mcpring_status status = mcpring_json_step(json, &all, &name, &value);
    HOLDS(mcpring_json_step, status == MCPRING_OK || status == MCPRING_ERR_ARGUMENT || status == MCPRING_END);
    if (status != MCPRING_OK) {
      break;
    }
  }
  HOLDS(mcpring_json_step, at < 100);
  all.next = UINT32_MAX;
  all.left = 5;
  all.members = true;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_step, (json, &all, &name, &value));
  CHECK(MCPRING_OK, mcpring_json_free, (json));
}

static void messages(void) {
  mcpring_json *json = a_json("{\"jsonrpc\": \"1.0\", \"id\": 3, \"method\": \"x\"}");
  mcpring_message read = MCPRING_MESSAGE_INIT;
  CHECK(MCPRING_ERR_MALFORMED, mcpring_message_read, (json, 0, &read));
  read.struct_size = 3;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_message_read, (json, 0, &read));
  CHECK(MCPRING_OK, mcpring_json_free, (json));
}

static void schemas(void) {
  mcpring_schema *other = NULL;
  mcpring_json *json = a_json("{\"a\": 1}");
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_schema_new, (MCPRING_STR("{}"), NULL));
  CHECK(MCPRING_ERR_USAGE, mcpring_schema_new, (MCPRING_STR("{"), &other));
  CHECK(MCPRING_ERR_USAGE, mcpring_schema_new, (MCPRING_STR("{\"type\": 7}"), &other));
  CHECK(MCPRING_OK, mcpring_schema_new, (MCPRING_STR("{\"required\": [\"b\"]}"), &other));
  CHECK(MCPRING_ERR_INVALID, mcpring_schema_check, (other, json, 0));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_schema_check, (other, json, 77));
  CHECK(MCPRING_ERR_HANDLE, mcpring_schema_check, (NULL, json, 0));
  CHECK(MCPRING_ERR_HANDLE, mcpring_schema_check, ((mcpring_schema *)(void *)json, json, 0));
  CHECK(MCPRING_OK, mcpring_schema_free, (other));
  CHECK(MCPRING_ERR_HANDLE, mcpring_schema_check, (other, json, 0));
  CHECK(MCPRING_ERR_HANDLE, mcpring_schema_free, (other));
  CHECK(MCPRING_OK, mcpring_schema_free, (NULL));
  CHECK(MCPRING_OK, mcpring_json_free, (json));
}

static void frames(void) {
  mcpring_frames *all = NULL;
  static const char announced[] = "\x7f\xff\xff\xff....";
  size_t at = 0;
  size_t written = 0;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_frames_new, (MCPRING_FRAMING_LINE, 100, NULL));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_frames_new, (7, 100, &all));
  CHECK(MCPRING_OK, mcpring_frames_new, (MCPRING_FRAMING_LENGTH, 100, &all));
  CHECK(MCPRING_ERR_LIMIT, mcpring_frames_next, (all, mcpring_bytes(announced, 8), 8, &at, &frame));
  at = 900;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_frames_next, (all, mcpring_bytes(announced, 8), 8, &at, &frame));
  at = 0;
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_frames_next, (all, lying, 0, &at, &frame));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_frames_next, (all, mcpring_bytes(announced, 8), 8, NULL, &frame));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_frames_next, (all, mcpring_bytes(announced, 8), 8, &at, NULL));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_frames_finish, (all, NULL));
  CHECK(MCPRING_OK, mcpring_frames_free, (all));
  CHECK(MCPRING_OK, mcpring_frames_free, (NULL));
  check_subjects("freed frames", frames_subjects, COUNT(frames_subjects), all, MCPRING_ERR_HANDLE);
  CHECK(MCPRING_ERR_SPACE, mcpring_frame_encode, (MCPRING_FRAMING_LENGTH, MCPRING_STR("{}"), buffer, 5, &written));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_frame_encode, (MCPRING_FRAMING_LINE, MCPRING_STR("a\nb"), buffer, sizeof buffer, &written));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_frame_encode, (9, MCPRING_STR("{}"), buffer, sizeof buffer, &written));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_frame_encode, (MCPRING_FRAMING_LINE, MCPRING_STR("{}"), NULL, 10, &written));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_frame_encode, (MCPRING_FRAMING_LINE, MCPRING_STR("{}"), buffer, sizeof buffer, NULL));
  CHECK(MCPRING_ERR_SPACE, mcpring_sse_encode, (MCPRING_STR("1"), MCPRING_STR("e"), MCPRING_STR("{}"), buffer, 3, &written));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_sse_encode, (MCPRING_STR("1\n2"), MCPRING_STR("e"), MCPRING_STR("{}"), buffer, sizeof buffer, &written));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_sse_encode, (lying, MCPRING_STR("e"), MCPRING_STR("{}"), buffer, sizeof buffer, &written));
}

static void quotes(void) {
  size_t written = 0;
  CHECK(MCPRING_ERR_SPACE, mcpring_json_quote, (MCPRING_STR("a\"\0"), NULL, 0, &written));
  HOLDS(mcpring_json_quote, written == 11);
  CHECK(MCPRING_ERR_SPACE, mcpring_json_quote, (MCPRING_STR("a\"\0"), buffer, 4, &written));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_quote, (lying, buffer, sizeof buffer, &written));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_quote, (MCPRING_STR("\xff"), buffer, sizeof buffer, &written));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_quote, (MCPRING_STR("a"), NULL, 9, &written));
  CHECK(MCPRING_ERR_ARGUMENT, mcpring_json_quote, (MCPRING_STR("a"), buffer, sizeof buffer, NULL));
}

static void threads(void) {
  mcpring_json *json = a_json("[1]");
  mcpring_frames *all = NULL;
  CHECK(MCPRING_OK, mcpring_frames_new, (MCPRING_FRAMING_LINE, 100, &all));
  check_subjects_elsewhere("json of another thread", json_subjects, COUNT(json_subjects), json, MCPRING_ERR_THREAD);
  check_subjects_elsewhere("frames of another thread", frames_subjects, COUNT(frames_subjects), all, MCPRING_ERR_THREAD);
  CHECK(MCPRING_OK, mcpring_json_free, (json));
  CHECK(MCPRING_OK, mcpring_frames_free, (all));
}

void abuse_blocks(void) {
  int local = 0;
  memset(&message, 0, sizeof message);
  message.struct_size = sizeof message;
  CHECK(MCPRING_OK, mcpring_schema_new, (MCPRING_STR("{\"type\": \"array\"}"), &schema));
  check_subjects("NULL json", json_subjects, COUNT(json_subjects) - 1, NULL, MCPRING_ERR_HANDLE);
  check_subjects("NULL frames", frames_subjects, COUNT(frames_subjects) - 1, NULL, MCPRING_ERR_HANDLE);
  check_subjects("an address as json", json_subjects, COUNT(json_subjects), &local, MCPRING_ERR_HANDLE);
  check_subjects("an address as frames", frames_subjects, COUNT(frames_subjects), &local, MCPRING_ERR_HANDLE);
  texts();
  nodes();
  messages();
  schemas();
  frames();
  quotes();
  threads();
  CHECK(MCPRING_OK, mcpring_schema_free, (schema));
}
