/* Tools that answer at once: one for each kind of content, a failure, and arguments of note. */
#include "everything.h"

/* A red picture of one pixel. */
static const unsigned char picture[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00, 0x00, 0x90, 0x77, 0x53,
    0xde, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0xf8, 0xcf, 0xc0, 0x00,
    0x00, 0x03, 0x01, 0x01, 0x00, 0xf7, 0x03, 0x41, 0x43, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e,
    0x44, 0xae, 0x42, 0x60, 0x82,
};

/* A thousandth of a second of silence. */
static const unsigned char silence[] = {
    0x52, 0x49, 0x46, 0x46, 0x2c, 0x00, 0x00, 0x00, 0x57, 0x41, 0x56, 0x45, 0x66, 0x6d, 0x74, 0x20,
    0x10, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x40, 0x1f, 0x00, 0x00, 0x80, 0x3e, 0x00, 0x00,
    0x02, 0x00, 0x10, 0x00, 0x64, 0x61, 0x74, 0x61, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00,
};

mcpring_str pixel(void) { return mcpring_bytes(picture, sizeof(picture)); }

static mcpring_content embedded(mcpring_str uri, mcpring_str text, mcpring_str mime_type) {
  mcpring_content content = MCPRING_CONTENT_INIT;
  content.kind = MCPRING_CONTENT_RESOURCE_TEXT;
  content.uri = uri;
  content.data = text;
  content.mime_type = mime_type;
  return content;
}

static mcpring_status simple_text(mcpring_call *call, void *row) {
  (void)row;
  return mcpring_call_reply_text(call, MCPRING_STR("This is a simple text response for testing."));
}

static mcpring_status image(mcpring_call *call, void *row) {
  (void)row;
  return mcpring_call_reply_blob(call, pixel(), MCPRING_STR("image/png"));
}

static mcpring_status audio(mcpring_call *call, void *row) {
  (void)row;
  return mcpring_call_reply_blob(call, mcpring_bytes(silence, sizeof(silence)),
                                 MCPRING_STR("audio/wav"));
}

static mcpring_status whole_resource(mcpring_call *call, void *row) {
  mcpring_content content = embedded(MCPRING_STR("test://embedded-resource"),
                                     MCPRING_STR("This is an embedded resource content."),
                                     MCPRING_STR("text/plain"));
  (void)row;
  mcpring_status status = mcpring_call_add(call, &content);
  return status ? status : mcpring_call_finish(call);
}

static mcpring_status mixed(mcpring_call *call, void *row) {
  mcpring_content image = MCPRING_CONTENT_INIT;
  mcpring_content resource = embedded(MCPRING_STR("test://mixed-content-resource"),
                                      MCPRING_STR("{\"test\":\"data\",\"value\":123}"),
                                      MCPRING_STR("application/json"));
  (void)row;
  image.kind = MCPRING_CONTENT_IMAGE;
  image.data = pixel();
  image.mime_type = MCPRING_STR("image/png");
  mcpring_status status =
      mcpring_call_add_text(call, MCPRING_STR("Multiple content types test:"));
  if (!status) status = mcpring_call_add(call, &image);
  if (!status) status = mcpring_call_add(call, &resource);
  return status ? status : mcpring_call_finish(call);
}

static mcpring_status failure(mcpring_call *call, void *row) {
  (void)row;
  return mcpring_call_fail(call,
                           MCPRING_STR("This tool intentionally returns an error for testing"));
}

/* Says `before`, the text argument `name` or else `otherwise`, and `after`. */
static mcpring_status say_argument(mcpring_call *call, const char *before, const char *name,
                                   const char *otherwise, const char *after) {
  struct text text = TEXT_INIT;
  mcpring_str argument;
  text_say(&text, before);
  if (mcpring_call_argument(call, mcpring_str_of(name), &argument) == MCPRING_OK)
    text_add(&text, argument);
  else
    text_say(&text, otherwise);
  text_say(&text, after);
  return text_reply(&text, call);
}

static mcpring_status header(mcpring_call *call, void *row) {
  (void)row;
  return say_argument(call, "region: ", "region", "", "");
}

static mcpring_status json_schema(mcpring_call *call, void *row) {
  (void)row;
  return say_argument(call, "Hello, ", "name", "whoever you are", "!");
}

#define REGION_SCHEMA \
  "{\"type\":\"object\",\"properties\":{\"region\":{\"type\":\"string\",\"description\":" \
  "\"Mirrored into the header Mcp-Param-Region.\",\"default\":\"\"," \
  "\"x-mcp-header\":\"Region\"}}}"

/* Keywords of JSON Schema 2020-12 that have to reach the client as they are. */
#define SCHEMA_2020_12 \
  "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\"," \
  "\"$defs\":{\"address\":{\"$anchor\":\"addressDef\",\"type\":\"object\",\"properties\":{" \
  "\"street\":{\"type\":\"string\"},\"city\":{\"type\":\"string\"}}}},\"properties\":{" \
  "\"name\":{\"type\":\"string\"},\"address\":{\"$ref\":\"#/$defs/address\"}," \
  "\"contactMethod\":{\"type\":\"string\",\"enum\":[\"phone\",\"email\"]}," \
  "\"phone\":{\"type\":\"string\"},\"email\":{\"type\":\"string\"}}," \
  "\"allOf\":[{\"anyOf\":[{\"required\":[\"phone\"]},{\"required\":[\"email\"]}]}]," \
  "\"if\":{\"properties\":{\"contactMethod\":{\"const\":\"phone\"}}," \
  "\"required\":[\"contactMethod\"]},\"then\":{\"required\":[\"phone\"]}," \
  "\"else\":{\"required\":[\"email\"]},\"additionalProperties\":false}"

#define ROW(name, description, schema, call) \
  {name, description, schema, call, NULL, MCPRING_RUN_INLINE, MCPRING_TASK_FORBIDDEN, false}

static const struct tool_row tools[] = {
    ROW("test_simple_text", "Answers with text.", NO_ARGUMENTS, simple_text),
    ROW("test_image_content", "Answers with a picture.", NO_ARGUMENTS, image),
    ROW("test_audio_content", "Answers with a sound.", NO_ARGUMENTS, audio),
    ROW("test_embedded_resource", "Answers with a resource, whole.", NO_ARGUMENTS, whole_resource),
    ROW("test_multiple_content_types", "Answers with text, a picture and a resource.",
        NO_ARGUMENTS, mixed),
    ROW("test_error_handling", "Always fails.", NO_ARGUMENTS, failure),
    ROW("test_x_mcp_header", "Takes an argument that is mirrored in a header.", REGION_SCHEMA,
        header),
    ROW("json_schema_2020_12_tool", "Takes arguments that JSON Schema 2020-12 describes.",
        SCHEMA_2020_12, json_schema),
};

mcpring_status add_content_tools(mcpring_server *server) {
  return add_tools(server, tools, COUNT(tools), "{\"readOnlyHint\":true}");
}
