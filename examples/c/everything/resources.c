/* Resources that can be read and watched, and one template. */
#include "everything.h"

/* How long clients may keep what never changes. */
#define KEPT_MS 60000

static mcpring_status template_data(mcpring_call *call, void *user_data) {
  struct text id_text = TEXT_INIT, json = TEXT_INIT;
  mcpring_str id = MCPRING_STR("");
  (void)user_data;
  mcpring_call_variable(call, MCPRING_STR("id"), &id);
  text_say(&id_text, "Data for ID: ");
  text_add(&id_text, id);
  text_say(&json, "{\"data\":");
  text_quote(&json, text_view(&id_text));
  text_say(&json, ",\"id\":");
  text_quote(&json, id);
  text_say(&json, ",\"templateTest\":true}");
  text_free(&id_text);
  return text_reply(&json, call);
}

static mcpring_status add_template(mcpring_server *server) {
  static const mcpring_str ids[] = {MCPRING_STR_INIT("1"), MCPRING_STR_INIT("2"),
                                    MCPRING_STR_INIT("3"), MCPRING_STR_INIT("123")};
  mcpring_completer completer = MCPRING_COMPLETER_INIT;
  mcpring_template data = MCPRING_TEMPLATE_INIT;
  completer.name = MCPRING_STR("id");
  completer.values = ids;
  completer.value_count = COUNT(ids);
  data.uri_template = MCPRING_STR("test://template/{id}/data");
  data.name = MCPRING_STR("template_resource");
  data.description = MCPRING_STR("Data made for an id.");
  data.mime_type = MCPRING_STR("application/json");
  data.execution = MCPRING_RUN_INLINE;
  data.call = template_data;
  data.completers = &completer;
  data.completer_count = 1;
  return mcpring_server_add_template(server, &data);
}

mcpring_status add_resources(mcpring_server *server) {
  mcpring_resource text = MCPRING_RESOURCE_INIT, binary = MCPRING_RESOURCE_INIT;
  mcpring_resource watched = MCPRING_RESOURCE_INIT;
  text.uri = MCPRING_STR("test://static-text");
  text.name = MCPRING_STR("static_text_resource");
  text.description = MCPRING_STR("Text that never changes.");
  text.text = MCPRING_STR("This is the content of the static text resource.");
  text.cache_ttl_ms = KEPT_MS;
  text.cache_public = true;
  binary.uri = MCPRING_STR("test://static-binary");
  binary.name = MCPRING_STR("static_binary_resource");
  binary.description = MCPRING_STR("A picture that never changes.");
  binary.mime_type = MCPRING_STR("image/png");
  binary.blob = pixel();
  binary.cache_ttl_ms = KEPT_MS;
  binary.cache_public = true;
  watched.uri = MCPRING_STR("test://watched-resource");
  watched.name = MCPRING_STR("watched_resource");
  watched.description = MCPRING_STR("Text to subscribe to.");
  watched.text = MCPRING_STR("Watched resource content");
  mcpring_status status = mcpring_server_add_resource(server, &text);
  if (!status) status = mcpring_server_add_resource(server, &binary);
  if (!status) status = mcpring_server_add_resource(server, &watched);
  return status ? status : add_template(server);
}
