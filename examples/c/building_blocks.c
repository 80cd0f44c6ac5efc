/* The fast parts without the server: frames, JSON, messages and schemas over a stream of bytes.
 *
 * Reads JSON-RPC messages from standard input, one a line (`--length`: four bytes of length before
 * each), and answers the method `add` on standard output in the same framing. Nothing is allocated
 * for a message once everything has its size.
 */
#define _POSIX_C_SOURCE 200809L
#include <mcpring.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES 65536
#define FRAME_BYTES_MAX 1048576
#define REPLY_BYTES_MAX 4096

/* Everything a stream needs, made once. */
struct stream {
  mcpring_framing framing;
  mcpring_frames *frames;
  mcpring_json *json;
  mcpring_schema *schema;
  /* Bytes behind a message let it be parsed in place. */
  char chunk[CHUNK_BYTES + MCPRING_PADDING];
};

static bool failed(mcpring_status status, const char *doing) {
  if (status >= 0) return false;
  mcpring_str words = mcpring_last_error();
  fprintf(stderr, "%s: %s: %.*s\n", doing, mcpring_status_name(status), (int)words.len, words.data);
  return true;
}

static bool write_all(const char *bytes, size_t len) {
  while (len > 0) {
    ssize_t written = write(STDOUT_FILENO, bytes, len);
    if (written <= 0) return false;
    bytes += written;
    len -= (size_t)written;
  }
  return true;
}

/* `body` is the member behind the id, such as "result":3. */
static bool reply(const struct stream *stream, mcpring_str id, const char *body) {
  char text[REPLY_BYTES_MAX], frame[REPLY_BYTES_MAX + 8];
  size_t written = 0;
  int len = snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%.*s,%s}", (int)id.len,
                     id.data, body);
  if (len < 0 || (size_t)len >= sizeof(text)) return false;
  mcpring_str payload = mcpring_bytes(text, (size_t)len);
  if (failed(mcpring_frame_encode(stream->framing, payload, frame, sizeof(frame), &written),
             "encoding"))
    return false;
  return write_all(frame, written);
}

static bool reply_error(const struct stream *stream, mcpring_str id, int code, mcpring_str words) {
  char quoted[REPLY_BYTES_MAX / 2], body[REPLY_BYTES_MAX - 512];
  size_t written = 0;
  if (failed(mcpring_json_quote(words, quoted, sizeof(quoted), &written), "quoting")) return false;
  snprintf(body, sizeof(body), "\"error\":{\"code\":%d,\"message\":%.*s}", code, (int)written,
           quoted);
  return reply(stream, id, body);
}

/* The schema has been kept, so what it asks for is there. */
static bool add(const struct stream *stream, const mcpring_message *message) {
  mcpring_walk walk;
  mcpring_node terms, term;
  char body[64];
  double sum = 0;
  mcpring_status status =
      mcpring_json_get(stream->json, message->params, MCPRING_STR("terms"), &terms);
  if (!status) status = mcpring_json_walk(stream->json, terms, &walk);
  if (failed(status, "terms")) return false;
  while (mcpring_json_step(stream->json, &walk, NULL, &term) == MCPRING_OK) {
    double number = 0;
    if (mcpring_json_f64(stream->json, term, &number) != MCPRING_OK)
      return reply_error(stream, message->id, -32602, mcpring_last_error());
    sum += number;
  }
  if (!isfinite(sum)) /* which JSON cannot say */
    return reply_error(stream, message->id, -32602, MCPRING_STR("the sum is too great"));
  snprintf(body, sizeof(body), "\"result\":%.17g", sum);
  return reply(stream, message->id, body);
}

static bool handle_request(const struct stream *stream, const mcpring_message *message) {
  static const char name[] = "add";
  if (message->method.len != strlen(name) || memcmp(message->method.data, name, strlen(name)) != 0)
    return reply_error(stream, message->id, -32601, MCPRING_STR("there is no such method"));
  if (message->params == MCPRING_NO_NODE)
    return reply_error(stream, message->id, -32602, MCPRING_STR("params are missing"));
  if (mcpring_schema_check(stream->schema, stream->json, message->params) != MCPRING_OK)
    return reply_error(stream, message->id, -32602, mcpring_last_error());
  return add(stream, message);
}

static bool handle(const struct stream *stream, const mcpring_frame *frame) {
  static const char *const kinds[] = {"request", "notification", "response", "error"};
  mcpring_message message = MCPRING_MESSAGE_INIT;
  if (mcpring_json_parse(stream->json, frame->payload, frame->readable) != MCPRING_OK)
    return reply_error(stream, MCPRING_STR("null"), -32700, mcpring_last_error());
  mcpring_status status = mcpring_message_read(stream->json, 0, &message);
  if (status == MCPRING_ERR_MALFORMED) {
    mcpring_str id = message.id.data == NULL ? MCPRING_STR("null") : message.id;
    return !message.answerable ||
           reply_error(stream, id, (int)message.code, mcpring_last_error());
  }
  if (failed(status, "message")) return false;
  fprintf(stderr, "%s %.*s\n", kinds[message.kind], (int)message.method.len, message.method.data);
  return message.kind != MCPRING_MESSAGE_REQUEST || handle_request(stream, &message);
}

/* Every frame that `len` more bytes complete. */
static bool handle_chunk(const struct stream *stream, size_t len) {
  mcpring_str chunk = mcpring_bytes(stream->chunk, len);
  size_t at = 0;
  for (;;) {
    mcpring_frame frame;
    mcpring_status status =
        mcpring_frames_next(stream->frames, chunk, sizeof(stream->chunk), &at, &frame);
    if (status == MCPRING_MORE) return true;
    if (failed(status, "framing") || !handle(stream, &frame)) return false;
  }
}

static bool pump(struct stream *stream) {
  mcpring_frame frame;
  ssize_t len;
  while ((len = read(STDIN_FILENO, stream->chunk, CHUNK_BYTES)) > 0) {
    if (!handle_chunk(stream, (size_t)len)) return false;
  }
  mcpring_status status = mcpring_frames_finish(stream->frames, &frame);
  if (status == MCPRING_END) return len == 0;
  return !failed(status, "the end") && handle(stream, &frame);
}

int main(int argc, char **argv) {
  static struct stream stream;
  mcpring_str schema = MCPRING_STR(
      "{\"type\":\"object\",\"required\":[\"terms\"],\"properties\":{"
      "\"terms\":{\"type\":\"array\",\"items\":{\"type\":\"number\"}}}}");
  bool has_lengths = argc > 1 && strcmp(argv[1], "--length") == 0;
  stream.framing = has_lengths ? MCPRING_FRAMING_LENGTH : MCPRING_FRAMING_LINE;
  bool is_fine =
      !failed(mcpring_frames_new(stream.framing, FRAME_BYTES_MAX, &stream.frames), "frames") &&
      !failed(mcpring_json_new(&stream.json), "json") &&
      !failed(mcpring_schema_new(schema, &stream.schema), "schema") && pump(&stream);
  mcpring_frames_free(stream.frames);
  mcpring_json_free(stream.json);
  mcpring_schema_free(stream.schema);
  return is_fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
