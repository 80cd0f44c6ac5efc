/**
 * @file mcpring_plugin.h
 * What a plugin includes instead of mcpring.h. A plugin is a shared object that links nothing: the
 * host that loads it hands it every function of the library by name.
 *
 *     #include <mcpring_plugin.h>
 *
 *     static mcpring_status init(mcpring_server *server) {
 *       ... mcpring_server_add_tool(server, &tool) ...
 *       return MCPRING_OK;
 *     }
 *
 *     MCPRING_PLUGIN(init)
 *
 * One source file of the plugin says MCPRING_PLUGIN; any number may include this header. A program
 * that fails to load a plugin goes on without it. A plugin is refused by a host that lacks one of the
 * functions below, so it should be built with the headers of the oldest host it is meant for.
 *
 * The address of a function is known at run time only: it is no initialiser of a static object.
 *
 * This file is generated from bindings/src by `cargo xtask header`.
 */
#pragma once
#ifndef MCPRING_PLUGIN_H
#define MCPRING_PLUGIN_H

#include "mcpring.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The functions of the host. Each plugin has its own table. */
struct mcpring_plugin_calls {
  uint32_t (*mcpring_version)(void);
  const char *(*mcpring_version_text)(void);
  uint32_t (*mcpring_abi)(void);
  const char *(*mcpring_status_name)(mcpring_status status);
  mcpring_str (*mcpring_last_error)(void);
  mcpring_status (*mcpring_set_log)(mcpring_log_fn log, void *user_data,
      mcpring_destroy_fn destroy);
  mcpring_status (*mcpring_text_view)(mcpring_text *text, mcpring_str *view);
  mcpring_status (*mcpring_text_free)(mcpring_text *text);
  mcpring_status (*mcpring_json_new)(mcpring_json **json);
  mcpring_status (*mcpring_json_free)(mcpring_json *json);
  mcpring_status (*mcpring_json_parse)(mcpring_json *json, mcpring_str text, size_t readable);
  mcpring_status (*mcpring_json_kind)(mcpring_json *json, mcpring_node node, mcpring_kind *kind);
  mcpring_status (*mcpring_json_raw)(mcpring_json *json, mcpring_node node, mcpring_str *raw);
  mcpring_status (*mcpring_json_count)(mcpring_json *json, mcpring_node node, size_t *count);
  mcpring_status (*mcpring_json_get)(mcpring_json *json, mcpring_node object, mcpring_str key,
      mcpring_node *value);
  mcpring_status (*mcpring_json_walk)(mcpring_json *json, mcpring_node container,
      mcpring_walk *walk);
  mcpring_status (*mcpring_json_step)(mcpring_json *json, mcpring_walk *walk, mcpring_node *name,
      mcpring_node *value);
  mcpring_status (*mcpring_json_text)(mcpring_json *json, mcpring_node node, char *buffer,
      size_t capacity, mcpring_str *text);
  mcpring_status (*mcpring_json_i64)(mcpring_json *json, mcpring_node node, int64_t *number);
  mcpring_status (*mcpring_json_u64)(mcpring_json *json, mcpring_node node, uint64_t *number);
  mcpring_status (*mcpring_json_f64)(mcpring_json *json, mcpring_node node, double *number);
  mcpring_status (*mcpring_json_bool)(mcpring_json *json, mcpring_node node, bool *value);
  mcpring_status (*mcpring_json_quote)(mcpring_str text, char *buffer, size_t capacity,
      size_t *written);
  mcpring_status (*mcpring_frame_encode)(mcpring_framing framing, mcpring_str payload, char *buffer,
      size_t capacity, size_t *written);
  mcpring_status (*mcpring_sse_encode)(mcpring_str id, mcpring_str event, mcpring_str data,
      char *buffer, size_t capacity, size_t *written);
  mcpring_status (*mcpring_schema_new)(mcpring_str json, mcpring_schema **schema);
  mcpring_status (*mcpring_schema_free)(mcpring_schema *schema);
  mcpring_status (*mcpring_schema_check)(mcpring_schema *schema, mcpring_json *json,
      mcpring_node node);
  mcpring_status (*mcpring_message_read)(mcpring_json *json, mcpring_node node,
      mcpring_message *message);
  mcpring_status (*mcpring_frames_new)(mcpring_framing framing, size_t frame_bytes_max,
      mcpring_frames **frames);
  mcpring_status (*mcpring_frames_free)(mcpring_frames *frames);
  mcpring_status (*mcpring_frames_next)(mcpring_frames *frames, mcpring_str chunk, size_t readable,
      size_t *at, mcpring_frame *frame);
  mcpring_status (*mcpring_frames_finish)(mcpring_frames *frames, mcpring_frame *frame);
};

extern __attribute__((visibility("hidden")))
struct mcpring_plugin_calls mcpring_plugin_calls;

static inline bool mcpring_plugin_find(const mcpring_host *host, const char *name, void *place) {
  mcpring_function found = host->find(name);
  memcpy(place, &found, sizeof(found));
  return found != NULL;
}

/** Fills the table; MCPRING_PLUGIN calls it. */
static inline mcpring_status mcpring_plugin_bind(const mcpring_host *host) {
  struct mcpring_plugin_calls *calls = &mcpring_plugin_calls;
  const bool is_whole =
      host->abi == MCPRING_ABI &&
      mcpring_plugin_find(host, "mcpring_version", &calls->mcpring_version) &&
      mcpring_plugin_find(host, "mcpring_version_text", &calls->mcpring_version_text) &&
      mcpring_plugin_find(host, "mcpring_abi", &calls->mcpring_abi) &&
      mcpring_plugin_find(host, "mcpring_status_name", &calls->mcpring_status_name) &&
      mcpring_plugin_find(host, "mcpring_last_error", &calls->mcpring_last_error) &&
      mcpring_plugin_find(host, "mcpring_set_log", &calls->mcpring_set_log) &&
      mcpring_plugin_find(host, "mcpring_text_view", &calls->mcpring_text_view) &&
      mcpring_plugin_find(host, "mcpring_text_free", &calls->mcpring_text_free) &&
      mcpring_plugin_find(host, "mcpring_json_new", &calls->mcpring_json_new) &&
      mcpring_plugin_find(host, "mcpring_json_free", &calls->mcpring_json_free) &&
      mcpring_plugin_find(host, "mcpring_json_parse", &calls->mcpring_json_parse) &&
      mcpring_plugin_find(host, "mcpring_json_kind", &calls->mcpring_json_kind) &&
      mcpring_plugin_find(host, "mcpring_json_raw", &calls->mcpring_json_raw) &&
      mcpring_plugin_find(host, "mcpring_json_count", &calls->mcpring_json_count) &&
      mcpring_plugin_find(host, "mcpring_json_get", &calls->mcpring_json_get) &&
      mcpring_plugin_find(host, "mcpring_json_walk", &calls->mcpring_json_walk) &&
      mcpring_plugin_find(host, "mcpring_json_step", &calls->mcpring_json_step) &&
      mcpring_plugin_find(host, "mcpring_json_text", &calls->mcpring_json_text) &&
      mcpring_plugin_find(host, "mcpring_json_i64", &calls->mcpring_json_i64) &&
      mcpring_plugin_find(host, "mcpring_json_u64", &calls->mcpring_json_u64) &&
      mcpring_plugin_find(host, "mcpring_json_f64", &calls->mcpring_json_f64) &&
      mcpring_plugin_find(host, "mcpring_json_bool", &calls->mcpring_json_bool) &&
      mcpring_plugin_find(host, "mcpring_json_quote", &calls->mcpring_json_quote) &&
      mcpring_plugin_find(host, "mcpring_frame_encode", &calls->mcpring_frame_encode) &&
      mcpring_plugin_find(host, "mcpring_sse_encode", &calls->mcpring_sse_encode) &&
      mcpring_plugin_find(host, "mcpring_schema_new", &calls->mcpring_schema_new) &&
      mcpring_plugin_find(host, "mcpring_schema_free", &calls->mcpring_schema_free) &&
      mcpring_plugin_find(host, "mcpring_schema_check", &calls->mcpring_schema_check) &&
      mcpring_plugin_find(host, "mcpring_message_read", &calls->mcpring_message_read) &&
      mcpring_plugin_find(host, "mcpring_frames_new", &calls->mcpring_frames_new) &&
      mcpring_plugin_find(host, "mcpring_frames_free", &calls->mcpring_frames_free) &&
      mcpring_plugin_find(host, "mcpring_frames_next", &calls->mcpring_frames_next) &&
      mcpring_plugin_find(host, "mcpring_frames_finish", &calls->mcpring_frames_finish);
  return is_whole ? MCPRING_OK : MCPRING_ERR_PLUGIN;
}

#ifdef __cplusplus
}
#endif

#define mcpring_version mcpring_plugin_calls.mcpring_version
#define mcpring_version_text mcpring_plugin_calls.mcpring_version_text
#define mcpring_abi mcpring_plugin_calls.mcpring_abi
#define mcpring_status_name mcpring_plugin_calls.mcpring_status_name
#define mcpring_last_error mcpring_plugin_calls.mcpring_last_error
#define mcpring_set_log mcpring_plugin_calls.mcpring_set_log
#define mcpring_text_view mcpring_plugin_calls.mcpring_text_view
#define mcpring_text_free mcpring_plugin_calls.mcpring_text_free
#define mcpring_json_new mcpring_plugin_calls.mcpring_json_new
#define mcpring_json_free mcpring_plugin_calls.mcpring_json_free
#define mcpring_json_parse mcpring_plugin_calls.mcpring_json_parse
#define mcpring_json_kind mcpring_plugin_calls.mcpring_json_kind
#define mcpring_json_raw mcpring_plugin_calls.mcpring_json_raw
#define mcpring_json_count mcpring_plugin_calls.mcpring_json_count
#define mcpring_json_get mcpring_plugin_calls.mcpring_json_get
#define mcpring_json_walk mcpring_plugin_calls.mcpring_json_walk
#define mcpring_json_step mcpring_plugin_calls.mcpring_json_step
#define mcpring_json_text mcpring_plugin_calls.mcpring_json_text
#define mcpring_json_i64 mcpring_plugin_calls.mcpring_json_i64
#define mcpring_json_u64 mcpring_plugin_calls.mcpring_json_u64
#define mcpring_json_f64 mcpring_plugin_calls.mcpring_json_f64
#define mcpring_json_bool mcpring_plugin_calls.mcpring_json_bool
#define mcpring_json_quote mcpring_plugin_calls.mcpring_json_quote
#define mcpring_frame_encode mcpring_plugin_calls.mcpring_frame_encode
#define mcpring_sse_encode mcpring_plugin_calls.mcpring_sse_encode
#define mcpring_schema_new mcpring_plugin_calls.mcpring_schema_new
#define mcpring_schema_free mcpring_plugin_calls.mcpring_schema_free
#define mcpring_schema_check mcpring_plugin_calls.mcpring_schema_check
#define mcpring_message_read mcpring_plugin_calls.mcpring_message_read
#define mcpring_frames_new mcpring_plugin_calls.mcpring_frames_new
#define mcpring_frames_free mcpring_plugin_calls.mcpring_frames_free
#define mcpring_frames_next mcpring_plugin_calls.mcpring_frames_next
#define mcpring_frames_finish mcpring_plugin_calls.mcpring_frames_finish

/** In front of a declaration that a plugin exports, whatever the visibility is by default. */
#ifdef __cplusplus
#define MCPRING_PLUGIN_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define MCPRING_PLUGIN_EXPORT extern __attribute__((visibility("default")))
#endif

/**
 * Makes this shared object a plugin, without a semicolon behind it. `init` is
 * mcpring_status init(mcpring_server *server): it adds the features of the plugin; anything but
 * MCPRING_OK refuses the plugin, and what it added goes again.
 */
#define MCPRING_PLUGIN(init)                                                                       \
  struct mcpring_plugin_calls mcpring_plugin_calls;                                                \
  MCPRING_PLUGIN_EXPORT const uint32_t mcpring_plugin_abi;                                         \
  const uint32_t mcpring_plugin_abi = MCPRING_ABI;                                                 \
  MCPRING_PLUGIN_EXPORT mcpring_status mcpring_plugin_init(const mcpring_host *host,               \
                                                           mcpring_server *server);                \
  mcpring_status mcpring_plugin_init(const mcpring_host *host, mcpring_server *server) {           \
    mcpring_status status = mcpring_plugin_bind(host);                                             \
    return status == MCPRING_OK ? init(server) : status;                                           \
  }

/**
 * Optional, without a semicolon: `close` is void close(void), called after the last callback and the
 * last destroy function of the plugin, right before it is unloaded.
 */
#define MCPRING_PLUGIN_CLOSE(close)                                                                \
  MCPRING_PLUGIN_EXPORT void mcpring_plugin_close(void);                                           \
  void mcpring_plugin_close(void) { close(); }

#endif /* MCPRING_PLUGIN_H */
