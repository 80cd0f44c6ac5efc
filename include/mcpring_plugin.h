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
 * that fails to load a plugin goes on without it. A plugin is refused by a host that lacks one of
 * the functions below, so it should be built with the headers of the oldest host it is meant for.
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
  mcpring_status (*mcpring_server_new)(mcpring_str name, mcpring_str version,
      mcpring_server **server);
  mcpring_status (*mcpring_server_free)(mcpring_server *server);
  mcpring_status (*mcpring_server_configure)(mcpring_server *server, mcpring_str json);
  mcpring_status (*mcpring_server_listen)(mcpring_server *server, mcpring_str url);
  mcpring_status (*mcpring_server_start)(mcpring_server *server);
  mcpring_status (*mcpring_server_run)(mcpring_server *server);
  mcpring_status (*mcpring_server_stop)(mcpring_server *server, bool now);
  mcpring_status (*mcpring_server_join)(mcpring_server *server);
  mcpring_status (*mcpring_server_address)(mcpring_server *server, size_t index, mcpring_str *url);
  mcpring_status (*mcpring_server_fd)(mcpring_server *server, int *fd);
  mcpring_status (*mcpring_server_poll)(mcpring_server *server, int32_t timeout_ms, size_t *ran);
  mcpring_status (*mcpring_server_resource_updated)(mcpring_server *server, mcpring_str uri);
  mcpring_status (*mcpring_server_elicitation_done)(mcpring_server *server, mcpring_str id);
  mcpring_status (*mcpring_server_metrics)(mcpring_server *server, mcpring_text **json);
  mcpring_status (*mcpring_server_add_tool)(mcpring_server *server, const mcpring_tool *tool);
  mcpring_status (*mcpring_server_add_resource)(mcpring_server *server,
      const mcpring_resource *resource);
  mcpring_status (*mcpring_server_add_template)(mcpring_server *server,
      const mcpring_template *template_);
  mcpring_status (*mcpring_server_add_prompt)(mcpring_server *server, const mcpring_prompt *prompt);
  mcpring_status (*mcpring_server_remove)(mcpring_server *server, mcpring_feature feature,
      mcpring_str name);
  mcpring_status (*mcpring_server_invoke)(mcpring_server *server, mcpring_str tool,
      mcpring_str arguments, mcpring_text **result);
  mcpring_status (*mcpring_server_load_plugin)(mcpring_server *server, mcpring_str path);
  mcpring_status (*mcpring_server_close_plugin)(mcpring_server *server, mcpring_str path);
  mcpring_status (*mcpring_server_plugins)(mcpring_server *server, mcpring_text **json);
  mcpring_status (*mcpring_call_fact)(mcpring_call *call, mcpring_fact fact, mcpring_str *text);
  mcpring_status (*mcpring_call_arguments)(mcpring_call *call, mcpring_str *json);
  mcpring_status (*mcpring_call_argument)(mcpring_call *call, mcpring_str name, mcpring_str *text);
  mcpring_status (*mcpring_call_argument_i64)(mcpring_call *call, mcpring_str name,
      int64_t *number);
  mcpring_status (*mcpring_call_argument_f64)(mcpring_call *call, mcpring_str name, double *number);
  mcpring_status (*mcpring_call_argument_bool)(mcpring_call *call, mcpring_str name, bool *value);
  mcpring_status (*mcpring_call_variable)(mcpring_call *call, mcpring_str name, mcpring_str *text);
  mcpring_status (*mcpring_call_server)(mcpring_call *call, mcpring_server **server);
  mcpring_status (*mcpring_call_cancelled)(mcpring_call *call, bool *cancelled);
  mcpring_status (*mcpring_call_time_left)(mcpring_call *call, uint64_t *ms);
  mcpring_status (*mcpring_call_progress)(mcpring_call *call, double progress, double total,
      mcpring_str message);
  mcpring_status (*mcpring_call_log)(mcpring_call *call, mcpring_level level, mcpring_str logger,
      mcpring_str text);
  mcpring_status (*mcpring_call_log_json)(mcpring_call *call, mcpring_level level,
      mcpring_str logger, mcpring_str json);
  mcpring_status (*mcpring_call_keep)(mcpring_call *call);
  mcpring_status (*mcpring_call_add)(mcpring_call *call, const mcpring_content *content);
  mcpring_status (*mcpring_call_add_text)(mcpring_call *call, mcpring_str text);
  mcpring_status (*mcpring_call_set_structured)(mcpring_call *call, mcpring_str json);
  mcpring_status (*mcpring_call_set_meta)(mcpring_call *call, mcpring_str json);
  mcpring_status (*mcpring_call_set_description)(mcpring_call *call, mcpring_str text);
  mcpring_status (*mcpring_call_set_total)(mcpring_call *call, uint64_t total, bool has_more);
  mcpring_status (*mcpring_call_finish)(mcpring_call *call);
  mcpring_status (*mcpring_call_fail)(mcpring_call *call, mcpring_str words);
  mcpring_status (*mcpring_call_error)(mcpring_call *call, int32_t code, mcpring_str message,
      mcpring_str data);
  mcpring_status (*mcpring_call_reply_text)(mcpring_call *call, mcpring_str text);
  mcpring_status (*mcpring_call_reply_json)(mcpring_call *call, mcpring_str json);
  mcpring_status (*mcpring_call_reply_blob)(mcpring_call *call, mcpring_str bytes,
      mcpring_str mime_type);
  mcpring_status (*mcpring_call_ask)(mcpring_call *call, mcpring_str key, mcpring_str method,
      mcpring_str params);
  mcpring_status (*mcpring_call_can_ask)(mcpring_call *call, mcpring_str method, mcpring_str params,
      bool *can);
  mcpring_status (*mcpring_call_answer)(mcpring_call *call, mcpring_str key, mcpring_str *json);
  mcpring_status (*mcpring_call_set_state)(mcpring_call *call, mcpring_str bytes);
  mcpring_status (*mcpring_call_state)(mcpring_call *call, mcpring_str *bytes);
  mcpring_status (*mcpring_call_close_stream)(mcpring_call *call);
  mcpring_status (*mcpring_call_elicited)(mcpring_call *call, mcpring_str id);
  mcpring_status (*mcpring_call_become_task)(mcpring_call *call);
  mcpring_status (*mcpring_call_task_status)(mcpring_call *call, mcpring_str words);
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
      mcpring_plugin_find(host, "mcpring_server_new", &calls->mcpring_server_new) &&
      mcpring_plugin_find(host, "mcpring_server_free", &calls->mcpring_server_free) &&
      mcpring_plugin_find(host, "mcpring_server_configure", &calls->mcpring_server_configure) &&
      mcpring_plugin_find(host, "mcpring_server_listen", &calls->mcpring_server_listen) &&
      mcpring_plugin_find(host, "mcpring_server_start", &calls->mcpring_server_start) &&
      mcpring_plugin_find(host, "mcpring_server_run", &calls->mcpring_server_run) &&
      mcpring_plugin_find(host, "mcpring_server_stop", &calls->mcpring_server_stop) &&
      mcpring_plugin_find(host, "mcpring_server_join", &calls->mcpring_server_join) &&
      mcpring_plugin_find(host, "mcpring_server_address", &calls->mcpring_server_address) &&
      mcpring_plugin_find(host, "mcpring_server_fd", &calls->mcpring_server_fd) &&
      mcpring_plugin_find(host, "mcpring_server_poll", &calls->mcpring_server_poll) &&
      mcpring_plugin_find(host, "mcpring_server_resource_updated",
                          &calls->mcpring_server_resource_updated) &&
      mcpring_plugin_find(host, "mcpring_server_elicitation_done",
                          &calls->mcpring_server_elicitation_done) &&
      mcpring_plugin_find(host, "mcpring_server_metrics", &calls->mcpring_server_metrics) &&
      mcpring_plugin_find(host, "mcpring_server_add_tool", &calls->mcpring_server_add_tool) &&
      mcpring_plugin_find(host, "mcpring_server_add_resource",
                          &calls->mcpring_server_add_resource) &&
      mcpring_plugin_find(host, "mcpring_server_add_template",
                          &calls->mcpring_server_add_template) &&
      mcpring_plugin_find(host, "mcpring_server_add_prompt", &calls->mcpring_server_add_prompt) &&
      mcpring_plugin_find(host, "mcpring_server_remove", &calls->mcpring_server_remove) &&
      mcpring_plugin_find(host, "mcpring_server_invoke", &calls->mcpring_server_invoke) &&
      mcpring_plugin_find(host, "mcpring_server_load_plugin", &calls->mcpring_server_load_plugin) &&
      mcpring_plugin_find(host, "mcpring_server_close_plugin",
                          &calls->mcpring_server_close_plugin) &&
      mcpring_plugin_find(host, "mcpring_server_plugins", &calls->mcpring_server_plugins) &&
      mcpring_plugin_find(host, "mcpring_call_fact", &calls->mcpring_call_fact) &&
      mcpring_plugin_find(host, "mcpring_call_arguments", &calls->mcpring_call_arguments) &&
      mcpring_plugin_find(host, "mcpring_call_argument", &calls->mcpring_call_argument) &&
      mcpring_plugin_find(host, "mcpring_call_argument_i64", &calls->mcpring_call_argument_i64) &&
      mcpring_plugin_find(host, "mcpring_call_argument_f64", &calls->mcpring_call_argument_f64) &&
      mcpring_plugin_find(host, "mcpring_call_argument_bool", &calls->mcpring_call_argument_bool) &&
      mcpring_plugin_find(host, "mcpring_call_variable", &calls->mcpring_call_variable) &&
      mcpring_plugin_find(host, "mcpring_call_server", &calls->mcpring_call_server) &&
      mcpring_plugin_find(host, "mcpring_call_cancelled", &calls->mcpring_call_cancelled) &&
      mcpring_plugin_find(host, "mcpring_call_time_left", &calls->mcpring_call_time_left) &&
      mcpring_plugin_find(host, "mcpring_call_progress", &calls->mcpring_call_progress) &&
      mcpring_plugin_find(host, "mcpring_call_log", &calls->mcpring_call_log) &&
      mcpring_plugin_find(host, "mcpring_call_log_json", &calls->mcpring_call_log_json) &&
      mcpring_plugin_find(host, "mcpring_call_keep", &calls->mcpring_call_keep) &&
      mcpring_plugin_find(host, "mcpring_call_add", &calls->mcpring_call_add) &&
      mcpring_plugin_find(host, "mcpring_call_add_text", &calls->mcpring_call_add_text) &&
      mcpring_plugin_find(host, "mcpring_call_set_structured",
                          &calls->mcpring_call_set_structured) &&
      mcpring_plugin_find(host, "mcpring_call_set_meta", &calls->mcpring_call_set_meta) &&
      mcpring_plugin_find(host, "mcpring_call_set_description",
                          &calls->mcpring_call_set_description) &&
      mcpring_plugin_find(host, "mcpring_call_set_total", &calls->mcpring_call_set_total) &&
      mcpring_plugin_find(host, "mcpring_call_finish", &calls->mcpring_call_finish) &&
      mcpring_plugin_find(host, "mcpring_call_fail", &calls->mcpring_call_fail) &&
      mcpring_plugin_find(host, "mcpring_call_error", &calls->mcpring_call_error) &&
      mcpring_plugin_find(host, "mcpring_call_reply_text", &calls->mcpring_call_reply_text) &&
      mcpring_plugin_find(host, "mcpring_call_reply_json", &calls->mcpring_call_reply_json) &&
      mcpring_plugin_find(host, "mcpring_call_reply_blob", &calls->mcpring_call_reply_blob) &&
      mcpring_plugin_find(host, "mcpring_call_ask", &calls->mcpring_call_ask) &&
      mcpring_plugin_find(host, "mcpring_call_can_ask", &calls->mcpring_call_can_ask) &&
      mcpring_plugin_find(host, "mcpring_call_answer", &calls->mcpring_call_answer) &&
      mcpring_plugin_find(host, "mcpring_call_set_state", &calls->mcpring_call_set_state) &&
      mcpring_plugin_find(host, "mcpring_call_state", &calls->mcpring_call_state) &&
      mcpring_plugin_find(host, "mcpring_call_close_stream", &calls->mcpring_call_close_stream) &&
      mcpring_plugin_find(host, "mcpring_call_elicited", &calls->mcpring_call_elicited) &&
      mcpring_plugin_find(host, "mcpring_call_become_task", &calls->mcpring_call_become_task) &&
      mcpring_plugin_find(host, "mcpring_call_task_status", &calls->mcpring_call_task_status) &&
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
#define mcpring_server_new mcpring_plugin_calls.mcpring_server_new
#define mcpring_server_free mcpring_plugin_calls.mcpring_server_free
#define mcpring_server_configure mcpring_plugin_calls.mcpring_server_configure
#define mcpring_server_listen mcpring_plugin_calls.mcpring_server_listen
#define mcpring_server_start mcpring_plugin_calls.mcpring_server_start
#define mcpring_server_run mcpring_plugin_calls.mcpring_server_run
#define mcpring_server_stop mcpring_plugin_calls.mcpring_server_stop
#define mcpring_server_join mcpring_plugin_calls.mcpring_server_join
#define mcpring_server_address mcpring_plugin_calls.mcpring_server_address
#define mcpring_server_fd mcpring_plugin_calls.mcpring_server_fd
#define mcpring_server_poll mcpring_plugin_calls.mcpring_server_poll
#define mcpring_server_resource_updated mcpring_plugin_calls.mcpring_server_resource_updated
#define mcpring_server_elicitation_done mcpring_plugin_calls.mcpring_server_elicitation_done
#define mcpring_server_metrics mcpring_plugin_calls.mcpring_server_metrics
#define mcpring_server_add_tool mcpring_plugin_calls.mcpring_server_add_tool
#define mcpring_server_add_resource mcpring_plugin_calls.mcpring_server_add_resource
#define mcpring_server_add_template mcpring_plugin_calls.mcpring_server_add_template
#define mcpring_server_add_prompt mcpring_plugin_calls.mcpring_server_add_prompt
#define mcpring_server_remove mcpring_plugin_calls.mcpring_server_remove
#define mcpring_server_invoke mcpring_plugin_calls.mcpring_server_invoke
#define mcpring_server_load_plugin mcpring_plugin_calls.mcpring_server_load_plugin
#define mcpring_server_close_plugin mcpring_plugin_calls.mcpring_server_close_plugin
#define mcpring_server_plugins mcpring_plugin_calls.mcpring_server_plugins
#define mcpring_call_fact mcpring_plugin_calls.mcpring_call_fact
#define mcpring_call_arguments mcpring_plugin_calls.mcpring_call_arguments
#define mcpring_call_argument mcpring_plugin_calls.mcpring_call_argument
#define mcpring_call_argument_i64 mcpring_plugin_calls.mcpring_call_argument_i64
#define mcpring_call_argument_f64 mcpring_plugin_calls.mcpring_call_argument_f64
#define mcpring_call_argument_bool mcpring_plugin_calls.mcpring_call_argument_bool
#define mcpring_call_variable mcpring_plugin_calls.mcpring_call_variable
#define mcpring_call_server mcpring_plugin_calls.mcpring_call_server
#define mcpring_call_cancelled mcpring_plugin_calls.mcpring_call_cancelled
#define mcpring_call_time_left mcpring_plugin_calls.mcpring_call_time_left
#define mcpring_call_progress mcpring_plugin_calls.mcpring_call_progress
#define mcpring_call_log mcpring_plugin_calls.mcpring_call_log
#define mcpring_call_log_json mcpring_plugin_calls.mcpring_call_log_json
#define mcpring_call_keep mcpring_plugin_calls.mcpring_call_keep
#define mcpring_call_add mcpring_plugin_calls.mcpring_call_add
#define mcpring_call_add_text mcpring_plugin_calls.mcpring_call_add_text
#define mcpring_call_set_structured mcpring_plugin_calls.mcpring_call_set_structured
#define mcpring_call_set_meta mcpring_plugin_calls.mcpring_call_set_meta
#define mcpring_call_set_description mcpring_plugin_calls.mcpring_call_set_description
#define mcpring_call_set_total mcpring_plugin_calls.mcpring_call_set_total
#define mcpring_call_finish mcpring_plugin_calls.mcpring_call_finish
#define mcpring_call_fail mcpring_plugin_calls.mcpring_call_fail
#define mcpring_call_error mcpring_plugin_calls.mcpring_call_error
#define mcpring_call_reply_text mcpring_plugin_calls.mcpring_call_reply_text
#define mcpring_call_reply_json mcpring_plugin_calls.mcpring_call_reply_json
#define mcpring_call_reply_blob mcpring_plugin_calls.mcpring_call_reply_blob
#define mcpring_call_ask mcpring_plugin_calls.mcpring_call_ask
#define mcpring_call_can_ask mcpring_plugin_calls.mcpring_call_can_ask
#define mcpring_call_answer mcpring_plugin_calls.mcpring_call_answer
#define mcpring_call_set_state mcpring_plugin_calls.mcpring_call_set_state
#define mcpring_call_state mcpring_plugin_calls.mcpring_call_state
#define mcpring_call_close_stream mcpring_plugin_calls.mcpring_call_close_stream
#define mcpring_call_elicited mcpring_plugin_calls.mcpring_call_elicited
#define mcpring_call_become_task mcpring_plugin_calls.mcpring_call_become_task
#define mcpring_call_task_status mcpring_plugin_calls.mcpring_call_task_status
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

#ifdef MCPRING_HPP
#error "mcpring_plugin.h has to be included before mcpring.hpp, which calls what it defines"
#endif

/** In front of a declaration that a plugin exports, whatever the visibility is by default. */
#ifdef __cplusplus
#define MCPRING_PLUGIN_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define MCPRING_PLUGIN_EXPORT extern __attribute__((visibility("default")))
#endif

/**
 * Makes this shared object a plugin, without a semicolon behind it. `init` is mcpring_status
 * init(mcpring_server *server): it adds the features of the plugin; anything but MCPRING_OK refuses
 * the plugin, and what it added goes again. A C++ exception must not leave it.
 */
#define MCPRING_PLUGIN(init)                                                                       \
  struct mcpring_plugin_calls mcpring_plugin_calls;                                                \
  MCPRING_PLUGIN_EXPORT const uint32_t mcpring_plugin_abi;                                         \
  const uint32_t mcpring_plugin_abi = MCPRING_ABI;                                                 \
  MCPRING_PLUGIN_EXPORT mcpring_status mcpring_plugin_init(const mcpring_host *mcpring_host_,      \
                                                           mcpring_server *mcpring_server_);       \
  mcpring_status mcpring_plugin_init(const mcpring_host *mcpring_host_,                            \
                                     mcpring_server *mcpring_server_) {                            \
    mcpring_status mcpring_status_ = mcpring_plugin_bind(mcpring_host_);                           \
    return mcpring_status_ == MCPRING_OK ? init(mcpring_server_) : mcpring_status_;                \
  }

/**
 * Optional, without a semicolon: `close` is void close(void), called after the last callback and
 * the last destroy function of the plugin, right before it is unloaded, on any thread. It has to
 * end the threads of the plugin and wait for them: one of them may have answered the last call just
 * now. Without it a plugin whose last call was kept, and answered when it had been closed, stays in
 * memory.
 */
#define MCPRING_PLUGIN_CLOSE(close)                                                                \
  MCPRING_PLUGIN_EXPORT void mcpring_plugin_close(void);                                           \
  void mcpring_plugin_close(void) { close(); }

#endif /* MCPRING_PLUGIN_H */
