/**
 * @file mcpring.h
 * The C library of mcpring, an MCP server engine on Linux io_uring.
 *
 * A program makes a server, adds tools, resources, templates and prompts with callbacks, says where
 * to listen, and runs it. The rules below hold for every function; what is special about one stands
 * beside it under Ownership, Threads and Errors.
 *
 * Status. A function that can fail returns mcpring_status: 0 is done, a positive number is news
 * that is no failure (MCPRING_MORE, MCPRING_END), a negative one is a failure. A number is never
 * used again for something else. Outputs are the last parameters and are written on success only,
 * but where a function says otherwise. mcpring_last_error() has the words of this thread's last
 * failure.
 *
 * Text and bytes are mcpring_str: a pointer and a length. Text must be UTF-8, which is checked; it
 * may hold NUL and need not end with one. { NULL, 0 } means absent where text is optional. What the
 * library hands out is borrowed: each function says how long it stays.
 *
 * Handles (mcpring_server *, mcpring_call *, mcpring_text *, mcpring_json *, mcpring_schema *,
 * mcpring_frames *) are numbers that look like pointers; nobody reads what they seem to point at.
 * NULL, a freed handle, and a handle of another type give MCPRING_ERR_HANDLE. Freeing NULL is done.
 *
 * Structs that may grow begin with struct_size, which their MCPRING_..._INIT fills. A larger size
 * than this library knows is refused; a smaller one, of an older program, is completed with zeros.
 *
 * Callbacks get back the user_data they were given with. A destroy function is called exactly once,
 * when nothing uses its user_data any more, also when the function that took it fails.
 *
 * Nothing is thrown through a call: a fault inside the library is MCPRING_ERR_INTERNAL. A C++
 * callback must not throw. The library touches no signal handler unless the setting "signals" says
 * so.
 *
 * This file is generated from bindings/src by `cargo xtask header`.
 */
#pragma once
#ifndef MCPRING_H
#define MCPRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** The version of this header as text. */
#define MCPRING_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/** A call of a tool, a resource, a template, a prompt or a completion. */
typedef struct mcpring_call mcpring_call;

/** Cuts a stream of bytes into frames. It belongs to the thread that made it. */
typedef struct mcpring_frames mcpring_frames;

/** A JSON parser and the text it parsed last. It belongs to the thread that made it. */
typedef struct mcpring_json mcpring_json;

/** A compiled JSON Schema. */
typedef struct mcpring_schema mcpring_schema;

/** A server: its features, its addresses, its settings. */
typedef struct mcpring_server mcpring_server;

/** A text that the library made: to be viewed, then freed. */
typedef struct mcpring_text mcpring_text;

/**
 * @defgroup mcpring_library The library
 * Versions, statuses, text, the log. Every function works on any thread.
 * @{
 */

/**
 * What a function answers: 0 fine, positive for news that is no failure, negative for a failure.
 */
typedef int32_t mcpring_status;

/** How serious a line is: the eight levels of RFC 5424, from MCPRING_LEVEL_DEBUG up. */
typedef uint32_t mcpring_level;

/** What mcpring_call_time_left gives for a call that has no end. */
#define MCPRING_FOREVER UINT64_MAX

/** The major version: it changes when programs have to. */
#define MCPRING_VERSION_MAJOR 0

/** The minor version: before 1.0 it changes when programs may have to. */
#define MCPRING_VERSION_MINOR 1

/** The patch version. */
#define MCPRING_VERSION_PATCH 0

/** The version as one number: major * 10000 + minor * 100 + patch. */
#define MCPRING_VERSION_NUMBER 100

/** What plugins are checked against; it changes when they have to be compiled again. */
#define MCPRING_ABI 1

/** For who looks for a fault. */
#define MCPRING_LEVEL_DEBUG 0

/** The course of things. */
#define MCPRING_LEVEL_INFO 1

/** Worth knowing, and in order. */
#define MCPRING_LEVEL_NOTICE 2

/** Something may be wrong. */
#define MCPRING_LEVEL_WARNING 3

/** Something failed. */
#define MCPRING_LEVEL_ERROR 4

/** Something that others need failed. */
#define MCPRING_LEVEL_CRITICAL 5

/** Somebody has to act now. */
#define MCPRING_LEVEL_ALERT 6

/** Nothing works any more. */
#define MCPRING_LEVEL_EMERGENCY 7

/** Fine. */
#define MCPRING_OK 0

/** Give more bytes. */
#define MCPRING_MORE 1

/** Nothing follows; of mcpring_server_poll: the server has ended. */
#define MCPRING_END 2

/**
 * NULL where something must be, text that is not UTF-8, an unknown constant, a bad struct_size,
 * malformed JSON in an argument.
 */
#define MCPRING_ERR_ARGUMENT (-1)

/** A handle that is NULL, freed, stale or of another type. */
#define MCPRING_ERR_HANDLE (-2)

/** The handle belongs to another thread, or the function may not be called inside a callback. */
#define MCPRING_ERR_THREAD (-3)

/** The call was answered already. */
#define MCPRING_ERR_DONE (-4)

/** Not in this state: running already, not running, inside a destroy function. */
#define MCPRING_ERR_STATE (-5)

/** There is none of this name. */
#define MCPRING_ERR_NOT_FOUND (-6)

/** The caller's buffer is too small. */
#define MCPRING_ERR_SPACE (-7)

/** This client, or this version of the protocol, has no such thing. */
#define MCPRING_ERR_UNSUPPORTED (-8)

/** The other side refused: a client a question, a handler an invocation. */
#define MCPRING_ERR_REFUSED (-9)

/** The program's mistake: a bad schema, a tool that exists already, an unknown setting. */
#define MCPRING_ERR_USAGE (-20)

/** A named limit is full. */
#define MCPRING_ERR_LIMIT (-21)

/** The kernel or the environment refused: an address in use, for example. */
#define MCPRING_ERR_SYSTEM (-22)

/** A fault of the library. */
#define MCPRING_ERR_INTERNAL (-23)

/** Bytes that are no JSON, no frame or no message. */
#define MCPRING_ERR_MALFORMED (-30)

/** JSON that breaks a schema. */
#define MCPRING_ERR_INVALID (-31)

/** A plugin that cannot be loaded: the words say which and why. */
#define MCPRING_ERR_PLUGIN (-40)

/** Never returned by the library: for callbacks to return when they fail. */
#define MCPRING_ERR_CALLBACK (-100)

/**
 * Text or bytes, lent: where they are and how many. {NULL, 0} is "absent" where something may be.
 */
typedef struct mcpring_str {
  /** The first byte; there need be no NUL behind the last. */
  const char *data;
  /** How many bytes. */
  size_t len;
} mcpring_str;

/** Absent text, as an initialiser. */
#define MCPRING_ABSENT { NULL, 0 }

/** A string literal as an initialiser: mcpring_str name = MCPRING_STR_INIT("echo"); */
#define MCPRING_STR_INIT(literal) { "" literal, sizeof(literal) - 1 }

/** A string literal as an expression. */
#define MCPRING_STR(literal) mcpring_bytes("" literal, sizeof(literal) - 1)

/** Bytes that stay the caller's. */
static inline mcpring_str mcpring_bytes(const void *data, size_t len) {
  mcpring_str bytes;
  bytes.data = (const char *)data;
  bytes.len = len;
  return bytes;
}

/** Text up to its NUL, which stays the caller's. NULL is absent. */
static inline mcpring_str mcpring_str_of(const char *text) {
  return mcpring_bytes(text, text ? strlen(text) : 0);
}

/**
 * Called with user_data when the library needs it no more. It may run on any thread. Of the library
 * it may call mcpring_schema_free and mcpring_text_free, for what user_data owns; everything else
 * gives MCPRING_ERR_STATE, and what it would hand over stays its own.
 */
typedef void (*mcpring_destroy_fn)(void *user_data);

/**
 * Takes one line of the library's log: a short word for its reason, and the line without an end.
 */
typedef void (*mcpring_log_fn)(void *user_data,
                               mcpring_level level,
                               mcpring_str reason,
                               mcpring_str line);

/**
 * The version of the library that is loaded, as MCPRING_VERSION_NUMBER is of the header.
 *
 * Ownership: nothing.
 * Threads: any.
 * Errors: none.
 */
uint32_t mcpring_version(void);

/**
 * The version of the library that is loaded, as text: "0.1.0".
 *
 * Ownership: the text is constant and ends with a NUL.
 * Threads: any.
 * Errors: none.
 */
const char *mcpring_version_text(void);

/**
 * The MCPRING_ABI of the library that is loaded.
 *
 * Ownership: nothing.
 * Threads: any.
 * Errors: none.
 */
uint32_t mcpring_abi(void);

/**
 * The name of a status, "MCPRING_ERR_HANDLE" for example, or "unknown status".
 *
 * Ownership: the text is constant and ends with a NUL.
 * Threads: any.
 * Errors: none.
 */
const char *mcpring_status_name(mcpring_status status);

/**
 * The words of this thread's last failure, for people: what is wrong, and where.
 *
 * Ownership: borrowed until the next failure on this thread; ends with a NUL that does not count.
 * Threads: any; each has its own words.
 * Errors: none; before the first failure the text is empty.
 */
mcpring_str mcpring_last_error(void);

/**
 * Sends the library's own log to a function; with log NULL, back to standard error. One log for
 * the whole process; of a reason that comes too often lines are left out. The function is called
 * from any of the library's threads, several at once, and must not call the library (gets
 * MCPRING_ERR_STATE). One that a plugin sets keeps it loaded until another is set.
 *
 * Ownership: user_data is the library's until destroy is called with it: exactly once, when the
 * function is replaced and no call of it runs any more.
 * Threads: any.
 * Errors: MCPRING_ERR_STATE inside the log function or a destroy function, which takes nothing.
 */
mcpring_status mcpring_set_log(mcpring_log_fn log, void *user_data, mcpring_destroy_fn destroy);

/**
 * Gives the content of a text.
 *
 * Ownership: *view is borrowed until the text is freed; it ends with a NUL that does not count.
 * Threads: any.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT when view is NULL.
 */
mcpring_status mcpring_text_view(mcpring_text *text, mcpring_str *view);

/**
 * Frees a text; NULL is nothing to free.
 *
 * Ownership: takes the text, whose views are over.
 * Threads: any, also inside destroy functions.
 * Errors: MCPRING_ERR_HANDLE.
 */
mcpring_status mcpring_text_free(mcpring_text *text);

/** @} */

/**
 * @defgroup mcpring_server Servers
 * What a server offers, where it listens, and its life. Every function works on any thread.
 * @{
 */

/** A kind of feature. */
typedef uint32_t mcpring_feature;

/** Where the callbacks of a feature run. */
typedef uint32_t mcpring_execution;

/** Calls never become tasks. */
#define MCPRING_TASK_FORBIDDEN 0

/** A call becomes a task when its client wants that. */
#define MCPRING_TASK_OPTIONAL 1

/** Every call becomes a task. */
#define MCPRING_TASK_REQUIRED 2

/** On a worker thread, where they may block. */
#define MCPRING_RUN_POOL 0

/** On the thread that serves sockets: brief computing only, all its connections wait meanwhile. */
#define MCPRING_RUN_INLINE 1

/** On the thread that calls mcpring_server_poll. */
#define MCPRING_RUN_HOST 2

/** A tool, by its name. */
#define MCPRING_TOOL 0

/** A resource, by its URI. */
#define MCPRING_RESOURCE 1

/** A resource template, as it was written. */
#define MCPRING_TEMPLATE 2

/** A prompt, by its name. */
#define MCPRING_PROMPT 3

/** One argument of a prompt; its value is text. */
typedef struct mcpring_argument {
  /** What it is called by. */
  mcpring_str name;
  /** The name for people. */
  mcpring_str title;
  /** What it means. */
  mcpring_str description;
  /** Whether the prompt cannot do without it. */
  bool required;
} mcpring_argument;

/** How a mcpring_argument starts. */
#define MCPRING_ARGUMENT_INIT \
  { MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, false }

/**
 * The function that answers a call: MCPRING_OK when it answered, asked or kept the call, anything
 * else when it failed.
 */
typedef mcpring_status (*mcpring_call_fn)(mcpring_call *call, void *user_data);

/** Suggests values for one argument of a prompt or one variable of a template. */
typedef struct mcpring_completer {
  /** Which argument or variable. */
  mcpring_str name;
  /** Fixed values, of which those are suggested that begin with what was typed; or */
  const mcpring_str *values;
  /** How many they are. */
  size_t value_count;
  /** Where call runs. */
  mcpring_execution execution;
  /** suggests values for each request: it reads MCPRING_FACT_PARTIAL. */
  mcpring_call_fn call;
  /** Handed to call and destroy. */
  void *user_data;
  /**
   * Called once when the completer is gone and no call of it runs any more, also when adding
   * fails.
   */
  mcpring_destroy_fn destroy;
} mcpring_completer;

/** How a mcpring_completer starts. */
#define MCPRING_COMPLETER_INIT \
  { MCPRING_ABSENT, NULL, 0, 0, NULL, NULL, NULL }

/** A prompt. Begin with MCPRING_PROMPT_INIT. */
typedef struct mcpring_prompt {
  /** sizeof(mcpring_prompt). */
  size_t struct_size;
  /** What it is called by. */
  mcpring_str name;
  /** The name for people. */
  mcpring_str title;
  /** What it is for. */
  mcpring_str description;
  /** JSON: [{"src":URL, "mimeType", "sizes", "theme"}]. */
  mcpring_str icons;
  /** JSON: an object. */
  mcpring_str meta;
  /** The scopes that a caller needs, with spaces between. */
  mcpring_str scopes;
  /** What it takes, in the order a form would ask. */
  const mcpring_argument *arguments;
  /** How many they are. */
  size_t argument_count;
  /** How long a call may take, in milliseconds; 0: as long as the server's. */
  uint64_t timeout_ms;
  /** Where call runs. */
  mcpring_execution execution;
  /** Makes the messages. */
  mcpring_call_fn call;
  /** Handed to call and destroy. */
  void *user_data;
  /**
   * Called once when the prompt is gone and no call of it runs any more, also when adding fails.
   */
  mcpring_destroy_fn destroy;
  /** What completes its arguments. */
  const mcpring_completer *completers;
  /** How many they are. */
  size_t completer_count;
} mcpring_prompt;

/** How a mcpring_prompt starts. */
#define MCPRING_PROMPT_INIT \
  { sizeof(mcpring_prompt), MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, \
    MCPRING_ABSENT, MCPRING_ABSENT, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, 0 }

/**
 * A resource: what it holds is fixed, or made by call for each read. Begin with
 * MCPRING_RESOURCE_INIT.
 */
typedef struct mcpring_resource {
  /** sizeof(mcpring_resource). */
  size_t struct_size;
  /** Where it is: "file:///notes.txt", "demo://clock". */
  mcpring_str uri;
  /** What it is called. */
  mcpring_str name;
  /** The name for people. */
  mcpring_str title;
  /** What it holds. */
  mcpring_str description;
  /** Its media type; absent: text/plain of fixed text, application/octet-stream of fixed bytes. */
  mcpring_str mime_type;
  /** JSON: {"audience":["user"], "priority":0.5, "lastModified"}. */
  mcpring_str annotations;
  /** JSON: [{"src":URL, "mimeType", "sizes", "theme"}]. */
  mcpring_str icons;
  /** JSON: an object. */
  mcpring_str meta;
  /** The scopes that a reader needs, with spaces between. */
  mcpring_str scopes;
  /** Fixed text, or */
  mcpring_str text;
  /** fixed bytes, when call is NULL. */
  mcpring_str blob;
  /** The size in bytes that is listed; 0: none, or that of what is fixed. */
  uint64_t size;
  /** How long clients may keep what they read, in milliseconds; 0: not at all. */
  uint64_t cache_ttl_ms;
  /** Whether they may keep it for others too. */
  bool cache_public;
  /** How long a read may take, in milliseconds; 0: as long as the server's calls. */
  uint64_t timeout_ms;
  /** Where call runs. */
  mcpring_execution execution;
  /** Answers reads. */
  mcpring_call_fn call;
  /** Handed to call and destroy. */
  void *user_data;
  /**
   * Called once when the resource is gone and no read of it runs any more, also when adding
   * fails.
   */
  mcpring_destroy_fn destroy;
} mcpring_resource;

/** How a mcpring_resource starts. */
#define MCPRING_RESOURCE_INIT \
  { sizeof(mcpring_resource), MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, \
    MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, \
    MCPRING_ABSENT, MCPRING_ABSENT, 0, 0, false, 0, 0, NULL, NULL, NULL }

/** All resources whose URIs have one form. Begin with MCPRING_TEMPLATE_INIT. */
typedef struct mcpring_template {
  /** sizeof(mcpring_template). */
  size_t struct_size;
  /** The form (RFC 6570): "demo://users/{id}". call reads id with mcpring_call_variable. */
  mcpring_str uri_template;
  /** What it is called. */
  mcpring_str name;
  /** The name for people. */
  mcpring_str title;
  /** What they hold. */
  mcpring_str description;
  /** Their media type. */
  mcpring_str mime_type;
  /** JSON: {"audience":["user"], "priority":0.5, "lastModified"}. */
  mcpring_str annotations;
  /** JSON: [{"src":URL, "mimeType", "sizes", "theme"}]. */
  mcpring_str icons;
  /** JSON: an object. */
  mcpring_str meta;
  /** The scopes that a reader needs, with spaces between. */
  mcpring_str scopes;
  /** How long clients may keep what they read, in milliseconds; 0: not at all. */
  uint64_t cache_ttl_ms;
  /** Whether they may keep it for others too. */
  bool cache_public;
  /** How long a read may take, in milliseconds; 0: as long as the server's calls. */
  uint64_t timeout_ms;
  /** Where call runs. */
  mcpring_execution execution;
  /** Answers reads. */
  mcpring_call_fn call;
  /** Handed to call and destroy. */
  void *user_data;
  /**
   * Called once when the template is gone and no read of it runs any more, also when adding
   * fails.
   */
  mcpring_destroy_fn destroy;
  /** What completes its variables. */
  const mcpring_completer *completers;
  /** How many they are. */
  size_t completer_count;
} mcpring_template;

/** How a mcpring_template starts. */
#define MCPRING_TEMPLATE_INIT \
  { sizeof(mcpring_template), MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, \
    MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, 0, false, 0, \
    0, NULL, NULL, NULL, NULL, 0 }

/** A tool. Begin with MCPRING_TOOL_INIT. */
typedef struct mcpring_tool {
  /** sizeof(mcpring_tool). */
  size_t struct_size;
  /** What it is called by: 1 to 128 of A-Z a-z 0-9 _ . - / */
  mcpring_str name;
  /** The name for people. */
  mcpring_str title;
  /** What it does, for the model. */
  mcpring_str description;
  /** The JSON Schema of its arguments, "type":"object" at its root; absent: any object. */
  mcpring_str input_schema;
  /** The JSON Schema of its structured content; absent: none. */
  mcpring_str output_schema;
  /** JSON: {"readOnlyHint":true, "destructiveHint", "idempotentHint", "openWorldHint", "title"}. */
  mcpring_str annotations;
  /** JSON: [{"src":URL, "mimeType", "sizes", "theme"}]. */
  mcpring_str icons;
  /** JSON: an object. */
  mcpring_str meta;
  /** The scopes that a caller needs, with spaces between. */
  mcpring_str scopes;
  /** How long a call may take, in milliseconds; 0: as long as the server's. */
  uint64_t timeout_ms;
  /** Where call runs. */
  mcpring_execution execution;
  /** MCPRING_TASK_FORBIDDEN, MCPRING_TASK_OPTIONAL or MCPRING_TASK_REQUIRED. */
  uint32_t task_support;
  /** Whether call says itself when a call becomes a task: mcpring_call_become_task. */
  bool task_by_handler;
  /** Answers calls. */
  mcpring_call_fn call;
  /** Handed to call and destroy. */
  void *user_data;
  /** Called once when the tool is gone and no call of it runs any more, also when adding fails. */
  mcpring_destroy_fn destroy;
} mcpring_tool;

/** How a mcpring_tool starts. */
#define MCPRING_TOOL_INIT \
  { sizeof(mcpring_tool), MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, \
    MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, 0, 0, 0, \
    false, NULL, NULL, NULL }

/**
 * Makes a server without features that listens nowhere. Name and version are how it introduces
 * itself.
 *
 * Ownership: *server is the caller's, to be freed with mcpring_server_free.
 * Threads: any.
 * Errors: MCPRING_ERR_ARGUMENT, also for an empty name or version; MCPRING_ERR_SYSTEM when there
 * are no descriptors left; MCPRING_ERR_LIMIT.
 */
mcpring_status mcpring_server_new(mcpring_str name, mcpring_str version, mcpring_server **server);

/**
 * Frees a server. One that runs is ended at once and waited for; calls that are still inside their
 * callbacks on worker threads go on, and what they use is destroyed behind the last of them. NULL
 * is nothing to free.
 *
 * Ownership: takes the server. Its calls that were kept may be answered to nobody.
 * Threads: any, but not inside a callback.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD inside a callback.
 */
mcpring_status mcpring_server_free(mcpring_server *server);

/**
 * Changes settings: a JSON object. With a fault in it nothing changes. Before the start only.
 *
 * The server's: "title", "description", "website_url", "icons", "instructions", "list_changes",
 * "resource_subscriptions", "logging", "call_timeout_ms", "cache_hint"
 * ({"scope":"public","ttl_ms":1000}), "output_policy" ("error" or "warn"), "extensions",
 * "experimental", "signals" (true: SIGTERM and SIGINT drain the server and end it, a second one at
 * once; the handlers stay in place when the server is gone), "host_queue" (calls that wait for
 * mcpring_server_poll), "authorization" ({"resource":URL, "issuers":[{"name", "jwks_url" or
 * "jwks_file" or "jwks" or "secret", "audiences", "algorithms", "leeway_s"}],
 * "static_tokens":{token:{"subject","scopes"}}, "require", "support", "implies", "servers",
 * "resource_name"}).
 *
 * The engine's: "driver" ("auto", "uring", "epoll"), "json", "shards", "pin", "workers",
 * "worker_queue", "async_workers", "inbox_max", "public", "share_ports", "http_path",
 * "allowed_hosts", "allowed_origins", "unix_mode" ("660"), "state_keys", "frame_bytes_max",
 * "connections_max", "unsent_bytes_pause", "inflight_calls_max", "sessions_max", "page_items",
 * "receive_buffers", "receive_buffer_bytes", "idle_ms", "session_idle_ms", "frame_ms",
 * "body_bytes_per_second_min", "send_stall_ms", "call_ms", "ask_ms", "tasks_max", "task_ttl_ms",
 * "task_ttl_ms_max", "drain_ms".
 *
 * Ownership: everything is copied.
 * Threads: any.
 * Errors: MCPRING_ERR_ARGUMENT for what is no JSON object; MCPRING_ERR_USAGE for an unknown key or
 * a value of another kind, which the words name; MCPRING_ERR_STATE after the start;
 * MCPRING_ERR_HANDLE.
 */
mcpring_status mcpring_server_configure(mcpring_server *server, mcpring_str json);

/**
 * Adds an address: "http://127.0.0.1:8080", "tcp://...", "tcp+line://...", "unix:///path",
 * "unix+line:///path" or "stdio:". Port 0 takes a free one, which mcpring_server_address tells. A
 * path behind http is the setting http_path, said here: all addresses have the same. Before the
 * start only; whether the address can be had shows there.
 *
 * Ownership: the text is copied.
 * Threads: any.
 * Errors: MCPRING_ERR_USAGE for what is no such URL, which the words name with what to write, and
 * for a second path; MCPRING_ERR_STATE after the start; MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_server_listen(mcpring_server *server, mcpring_str url);

/**
 * Starts to serve and returns. Callbacks may come before it does.
 *
 * Ownership: nothing.
 * Threads: any.
 * Errors: MCPRING_ERR_USAGE for features that do not go together and for no address;
 * MCPRING_ERR_SYSTEM when the kernel refuses, an address in use for example: it may be tried again
 * then; MCPRING_ERR_STATE when it was started before; MCPRING_ERR_HANDLE.
 */
mcpring_status mcpring_server_start(mcpring_server *server);

/**
 * Starts to serve, and returns when the server has ended: mcpring_server_start and
 * mcpring_server_join.
 *
 * Ownership: nothing.
 * Threads: any, but not inside a callback.
 * Errors: as those two.
 */
mcpring_status mcpring_server_run(mcpring_server *server);

/**
 * Begins to end a server, and returns at once: with now false what was asked is answered first,
 * within the setting drain_ms. An end that has begun goes on.
 *
 * Ownership: nothing.
 * Threads: any, also inside callbacks; not in signal handlers.
 * Errors: MCPRING_ERR_STATE before the start; MCPRING_ERR_HANDLE.
 */
mcpring_status mcpring_server_stop(mcpring_server *server, bool now);

/**
 * Waits until a server has ended: because it was stopped, by a signal if they are its setting, or
 * because standard input ended that it served. Several may wait.
 *
 * Ownership: nothing.
 * Threads: any, but not inside a callback. Who also polls does that until MCPRING_END first.
 * Errors: MCPRING_ERR_THREAD inside a callback; MCPRING_ERR_STATE before the start;
 * MCPRING_ERR_SYSTEM when it ended because the kernel failed; MCPRING_ERR_HANDLE.
 */
mcpring_status mcpring_server_join(mcpring_server *server);

/**
 * Gives the address of that number, from 0 in the order they were added, as a URL with the real
 * port: "http://127.0.0.1:34567/mcp".
 *
 * Ownership: *url is borrowed until the server is freed. No NUL is behind it.
 * Threads: any.
 * Errors: MCPRING_ERR_NOT_FOUND behind the last; MCPRING_ERR_STATE before the start;
 * MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_server_address(mcpring_server *server, size_t index, mcpring_str *url);

/**
 * Gives a descriptor that is readable while mcpring_server_poll has something to do, for select,
 * poll, epoll and the like. Do not read, write or close it.
 *
 * Ownership: the descriptor is the server's, and good until that is freed.
 * Threads: any.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_server_fd(mcpring_server *server, int *fd);

/**
 * Runs the callbacks of MCPRING_RUN_HOST that wait, on this thread, after waiting up to timeout_ms
 * for the first (0: not at all, -1: for ever; a signal ends the wait early). Those that come
 * meanwhile are for the next time. MCPRING_OK, or MCPRING_END when the server has ended and
 * nothing comes any more.
 *
 * Ownership: *ran takes how many callbacks ran; it may be NULL.
 * Threads: any, one at a time, not inside a callback.
 * Errors: MCPRING_ERR_STATE before the start and while another thread polls; MCPRING_ERR_THREAD
 * inside a callback; MCPRING_ERR_ARGUMENT for a timeout below -1; MCPRING_ERR_HANDLE,
 * MCPRING_ERR_SYSTEM.
 */
mcpring_status mcpring_server_poll(mcpring_server *server, int32_t timeout_ms, size_t *ran);

/**
 * Tells the clients that subscribed to a resource that it changed.
 *
 * Ownership: the URI is copied.
 * Threads: any, also inside callbacks.
 * Errors: MCPRING_ERR_LIMIT when a shard has more to do than it can take on; MCPRING_ERR_STATE
 * when the server does not run; MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_server_resource_updated(mcpring_server *server, mcpring_str uri);

/**
 * Tells the client that was sent to a URL by the question of that id that the person is done
 * there, also when the call is over. An unknown id is nothing.
 *
 * Ownership: the id is copied.
 * Threads: any, also inside callbacks.
 * Errors: as mcpring_server_resource_updated.
 */
mcpring_status mcpring_server_elicitation_done(mcpring_server *server, mcpring_str id);

/**
 * Gives what the server has counted, as JSON: {"driver", "version", "counters":{...},
 * "gauges":{...}, "closes":{...}, "requests":{method:{outcome:n}}, "latency_ns":{method:{"count",
 * "sum", "max", "p50", "p90", "p99", "p999"}}}.
 *
 * Ownership: *json is the caller's, to be freed with mcpring_text_free.
 * Threads: any, also inside callbacks.
 * Errors: MCPRING_ERR_STATE before the start; MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_server_metrics(mcpring_server *server, mcpring_text **json);

/**
 * Adds a tool, at once when the server runs: its clients are told, if it has the setting
 * list_changes.
 *
 * Ownership: the struct is read and copied; user_data is the library's until destroy, which is
 * called also when this fails (unless the struct itself cannot be read).
 * Threads: any, also inside callbacks.
 * Errors: MCPRING_ERR_USAGE for a bad name or schema, a name that is taken, and on a running
 * server that offers no tools; MCPRING_ERR_ARGUMENT for NULL, what is not UTF-8, malformed JSON and
 * unknown constants; MCPRING_ERR_UNSUPPORTED for MCPRING_RUN_HOST where nobody can poll, as in
 * `mcpring serve`; MCPRING_ERR_STATE when the server has ended; MCPRING_ERR_HANDLE.
 */
mcpring_status mcpring_server_add_tool(mcpring_server *server, const mcpring_tool *tool);

/**
 * Adds a resource, at once when the server runs.
 *
 * Ownership: as mcpring_server_add_tool; fixed content is copied.
 * Threads: any, also inside callbacks.
 * Errors: as mcpring_server_add_tool.
 */
mcpring_status mcpring_server_add_resource(mcpring_server *server,
                                           const mcpring_resource *resource);

/**
 * Adds a resource template, at once when the server runs.
 *
 * Ownership: as mcpring_server_add_tool, also the user data of each completer.
 * Threads: any, also inside callbacks.
 * Errors: as mcpring_server_add_tool; MCPRING_ERR_USAGE also for templates that fit the same URI,
 * before the start when it starts.
 */
mcpring_status mcpring_server_add_template(mcpring_server *server,
                                           const mcpring_template *template_);

/**
 * Adds a prompt, at once when the server runs.
 *
 * Ownership: as mcpring_server_add_tool, also the user data of each completer.
 * Threads: any, also inside callbacks.
 * Errors: as mcpring_server_add_tool.
 */
mcpring_status mcpring_server_add_prompt(mcpring_server *server, const mcpring_prompt *prompt);

/**
 * Removes a feature: a tool or prompt by its name, a resource by its URI, a template as it was
 * written. Calls under way go on. Clients of a running server are told, if it has the setting
 * list_changes.
 *
 * Ownership: the feature's user data is destroyed when no call of it runs any more.
 * Threads: any, also inside callbacks, of the very feature too.
 * Errors: MCPRING_ERR_NOT_FOUND; MCPRING_ERR_ARGUMENT for an unknown kind of feature;
 * MCPRING_ERR_STATE when the server has ended; MCPRING_ERR_HANDLE.
 */
mcpring_status mcpring_server_remove(mcpring_server *server,
                                     mcpring_feature feature,
                                     mcpring_str name);

/**
 * Calls a tool of a server in the process, without a client: its arguments are checked by its
 * schema, its callback runs on this thread (of MCPRING_RUN_HOST: where the server is polled, if it
 * is), and a call that it keeps is waited for as long as the tool may take. *result is the JSON of
 * a tools/call result of the latest protocol version; a tool that failed or was late has "isError"
 * in it. Before the start too.
 *
 * Ownership: *result is the caller's, to be freed with mcpring_text_free.
 * Threads: any, also inside callbacks.
 * Errors: MCPRING_ERR_NOT_FOUND; MCPRING_ERR_ARGUMENT for arguments that are no JSON object (absent
 * they are {}); MCPRING_ERR_INVALID for those that break the schema; MCPRING_ERR_STATE for a tool
 * that asks a client; MCPRING_ERR_REFUSED when it answers with an error of the protocol;
 * MCPRING_ERR_LIMIT for tools that invoke each other without end; MCPRING_ERR_USAGE for features
 * that do not go together; MCPRING_ERR_HANDLE.
 */
mcpring_status mcpring_server_invoke(mcpring_server *server,
                                     mcpring_str tool,
                                     mcpring_str arguments,
                                     mcpring_text **result);

/**
 * Loads a plugin into a server: a shared library that exports mcpring_plugin_abi and
 * mcpring_plugin_init (see mcpring_plugin.h). What that, the plugin's callbacks, and threads of its
 * own add to the server belongs to the plugin (of a thread: what a function of the plugin's file
 * answers); when loading fails, all of it is taken back. For each time that mcpring_plugin_init was
 * called mcpring_plugin_close is called once, whatever it returned, behind the last callback and
 * the last destroy function of what it added.
 *
 * Ownership: the path is copied.
 * Threads: any.
 * Errors: MCPRING_ERR_PLUGIN when there is no such file, it is no plugin, was compiled for another
 * ABI, is loaded already, or refuses: the words say which and why; MCPRING_ERR_HANDLE,
 * MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_server_load_plugin(mcpring_server *server, mcpring_str path);

/**
 * Closes the plugin that was loaded from this path: its features go, and calls under way go on.
 * With the last of them the plugin's user data is destroyed, it is told (mcpring_plugin_close) and
 * unloaded.
 *
 * Ownership: nothing.
 * Threads: any, also inside callbacks; but outside of them no thread of the plugin's own, which
 * would have no code to return to.
 * Errors: MCPRING_ERR_NOT_FOUND; MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_server_close_plugin(mcpring_server *server, mcpring_str path);

/**
 * Gives the plugins of a server as JSON: [{"path", "tools":[...], "resources":[...],
 * "templates":[...], "prompts":[...]}].
 *
 * Ownership: *json is the caller's, to be freed with mcpring_text_free.
 * Threads: any.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_server_plugins(mcpring_server *server, mcpring_text **json);

/** @} */

/**
 * @defgroup mcpring_call Calls
 * What a callback does with the call it is given. Inside the callback a call belongs to its
 * thread; after mcpring_call_keep() it belongs to any, until it is answered.
 * @{
 */

/** What a piece of content is. */
typedef uint32_t mcpring_content_kind;

/** A fact about a call. */
typedef uint32_t mcpring_fact;

/** Of a prompt's message: the person says it. */
#define MCPRING_ROLE_USER 0

/** Of a prompt's message: the model says it. */
#define MCPRING_ROLE_ASSISTANT 1

/** Text. */
#define MCPRING_CONTENT_TEXT 0

/** A picture: data and mime_type. */
#define MCPRING_CONTENT_IMAGE 1

/** A sound: data and mime_type. */
#define MCPRING_CONTENT_AUDIO 2

/** A resource, whole, whose content is text: uri, data, mime_type. */
#define MCPRING_CONTENT_RESOURCE_TEXT 3

/** A resource, whole, whose content is bytes: uri, data, mime_type. */
#define MCPRING_CONTENT_RESOURCE_BLOB 4

/** A resource that the reader may fetch: uri, name, title, description, mime_type. */
#define MCPRING_CONTENT_LINK 5

/** The name of the tool, prompt, resource or template, or of the argument that is completed. */
#define MCPRING_FACT_NAME 0

/** The URI that is read. */
#define MCPRING_FACT_URI 1

/** Of a completion: what was typed so far, perhaps nothing. */
#define MCPRING_FACT_PARTIAL 2

/** The registered media type of what is read. */
#define MCPRING_FACT_MIME_TYPE 3

/** The protocol version that the client speaks: "2025-11-25". */
#define MCPRING_FACT_VERSION 4

/** What the client calls itself; unproven. */
#define MCPRING_FACT_CLIENT_NAME 5

/** The version that the client gives itself; unproven. */
#define MCPRING_FACT_CLIENT_VERSION 6

/** Whom the access token speaks for; there is none without authorization. */
#define MCPRING_FACT_PRINCIPAL 7

/** The id of the task that the call is. */
#define MCPRING_FACT_TASK_ID 8

/** One piece of an answer. Begin with MCPRING_CONTENT_INIT. */
typedef struct mcpring_content {
  /** sizeof(mcpring_content). */
  size_t struct_size;
  /** What it is. */
  mcpring_content_kind kind;
  /** Of a prompt's message: who says it. */
  uint32_t role;
  /** The text, or the bytes (not base64). */
  mcpring_str data;
  /** The media type. */
  mcpring_str mime_type;
  /** Of a resource or a link: where it is. */
  mcpring_str uri;
  /** Of a link: what it is called. */
  mcpring_str name;
  /** Of a link: the name for people. */
  mcpring_str title;
  /** Of a link: what it holds. */
  mcpring_str description;
  /** JSON: {"audience":["user"],"priority":0.5}. */
  mcpring_str annotations;
  /** A JSON object. */
  mcpring_str meta;
} mcpring_content;

/** How a mcpring_content starts. */
#define MCPRING_CONTENT_INIT \
  { sizeof(mcpring_content), 0, 0, MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, \
    MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_ABSENT }

/**
 * Gives one fact about a call.
 *
 * Ownership: *text is borrowed until the call is over (inside the callback: until it returns).
 * Threads: as the call.
 * Errors: MCPRING_ERR_NOT_FOUND when the call has no such thing, MCPRING_ERR_ARGUMENT when there
 * is no such fact; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
 */
mcpring_status mcpring_call_fact(mcpring_call *call, mcpring_fact fact, mcpring_str *text);

/**
 * Gives the arguments of a call: a JSON object, {} when there are none, as the sender wrote it. Of
 * a tool they fit its input schema. Of a completion they are what is known already.
 *
 * Ownership: *json is borrowed, not copied, until the call is over (inside the callback: until it
 * returns). No NUL is behind it.
 * Threads: as the call.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_call_arguments(mcpring_call *call, mcpring_str *json);

/**
 * Gives one text argument, decoded: without quotes and escapes.
 *
 * Ownership: *text is borrowed until the call is over (inside the callback: until it returns).
 * Threads: as the call.
 * Errors: MCPRING_ERR_NOT_FOUND when it was not given, MCPRING_ERR_ARGUMENT when it is of another
 * kind; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
 */
mcpring_status mcpring_call_argument(mcpring_call *call, mcpring_str name, mcpring_str *text);

/**
 * Gives one whole number among the arguments. 2.0 is one, 2.5 is none.
 *
 * Ownership: nothing.
 * Threads: as the call.
 * Errors: MCPRING_ERR_NOT_FOUND when it was not given, MCPRING_ERR_ARGUMENT when it is of another
 * kind or does not fit; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
 */
mcpring_status mcpring_call_argument_i64(mcpring_call *call, mcpring_str name, int64_t *number);

/**
 * Gives one number among the arguments, the nearest double to it.
 *
 * Ownership: nothing.
 * Threads: as the call.
 * Errors: MCPRING_ERR_NOT_FOUND when it was not given, MCPRING_ERR_ARGUMENT when it is of another
 * kind or beyond every double; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
 */
mcpring_status mcpring_call_argument_f64(mcpring_call *call, mcpring_str name, double *number);

/**
 * Gives one of the arguments that is true or false.
 *
 * Ownership: nothing.
 * Threads: as the call.
 * Errors: MCPRING_ERR_NOT_FOUND when it was not given, MCPRING_ERR_ARGUMENT when it is of another
 * kind; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
 */
mcpring_status mcpring_call_argument_bool(mcpring_call *call, mcpring_str name, bool *value);

/**
 * Gives what the URI that is read has in the place of a template's variable, decoded.
 *
 * Ownership: *text is borrowed until the call is over (inside the callback: until it returns).
 * Threads: as the call.
 * Errors: MCPRING_ERR_NOT_FOUND; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE,
 * MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_call_variable(mcpring_call *call, mcpring_str name, mcpring_str *text);

/**
 * Gives the server that a call is of.
 *
 * Ownership: the server stays whose it is.
 * Threads: as the call.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_call_server(mcpring_call *call, mcpring_server **server);

/**
 * Says whether the answer is no longer wanted: cancelled by the client, late, its connection
 * closed, or its server ended. Long work asks now and then, and stops. The call has to be answered
 * all the same.
 *
 * Ownership: nothing.
 * Threads: as the call.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_call_cancelled(mcpring_call *call, bool *cancelled);

/**
 * Gives the milliseconds until the call is answered with an error for being late; MCPRING_FOREVER
 * when it has no end.
 *
 * Ownership: nothing.
 * Threads: as the call.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_call_time_left(mcpring_call *call, uint64_t *ms);

/**
 * Reports how far a call is, when its client asked to know; otherwise nothing happens. Each report
 * must be greater than the one before. A callback that runs inline comes too late with it.
 *
 * Ownership: the message is copied; it may be absent. A total of 0 or less is unknown.
 * Threads: as the call.
 * Errors: MCPRING_ERR_ARGUMENT also for a number that is not finite; MCPRING_ERR_HANDLE,
 * MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
 */
mcpring_status mcpring_call_progress(mcpring_call *call,
                                     double progress,
                                     double total,
                                     mcpring_str message);

/**
 * Sends text to the log of the client, if the server has the setting "logging" and the client
 * wants messages of that level.
 *
 * Ownership: the texts are copied; logger, which names who speaks, may be absent.
 * Threads: as the call.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_call_log(mcpring_call *call,
                                mcpring_level level,
                                mcpring_str logger,
                                mcpring_str text);

/**
 * As mcpring_call_log, with data of any shape: JSON.
 *
 * Ownership: everything is copied.
 * Threads: as the call.
 * Errors: MCPRING_ERR_ARGUMENT also for malformed JSON; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD,
 * MCPRING_ERR_DONE.
 */
mcpring_status mcpring_call_log_json(mcpring_call *call,
                                     mcpring_level level,
                                     mcpring_str logger,
                                     mcpring_str json);

/**
 * Keeps a call beyond its callback: the same handle is good on every thread until the call is
 * answered. What was added to it so far stays. Views that were handed out before are good until
 * the callback returns; ask for them again afterwards.
 *
 * Ownership: the call is the program's from now on, and has to be answered by it.
 * Threads: inside the callback, on its thread. Kept already it does nothing.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
 */
mcpring_status mcpring_call_keep(mcpring_call *call);

/**
 * Adds one piece to the answer of a call. Of a tool it is one block; of a prompt one message; of a
 * resource one of its contents (RESOURCE_TEXT or TEXT, RESOURCE_BLOB; without uri it is the one
 * that is read); of a completion one value (TEXT).
 *
 * Ownership: everything is copied.
 * Threads: as the call.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT;
 * MCPRING_ERR_LIMIT when the answer gets longer than frame_bytes_max.
 */
mcpring_status mcpring_call_add(mcpring_call *call, const mcpring_content *content);

/**
 * Adds text to the answer of a call: a tool's block, what a prompt's user says, a resource's text
 * or a completion's value.
 *
 * Ownership: the text is copied.
 * Threads: as the call.
 * Errors: as mcpring_call_add.
 */
mcpring_status mcpring_call_add_text(mcpring_call *call, mcpring_str text);

/**
 * Sets the structured content of a tool's answer: JSON. Without any block it is written as text
 * too.
 *
 * Ownership: the JSON is copied.
 * Threads: as the call.
 * Errors: MCPRING_ERR_UNSUPPORTED for others than tools; MCPRING_ERR_LIMIT as mcpring_call_add;
 * MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_call_set_structured(mcpring_call *call, mcpring_str json);

/**
 * Sets the open members of an answer (_meta): a JSON object.
 *
 * Ownership: the JSON is copied.
 * Threads: as the call.
 * Errors: MCPRING_ERR_UNSUPPORTED for completions; as mcpring_call_set_structured.
 */
mcpring_status mcpring_call_set_meta(mcpring_call *call, mcpring_str json);

/**
 * Says what the answer of a prompt is for.
 *
 * Ownership: the text is copied.
 * Threads: as the call.
 * Errors: MCPRING_ERR_UNSUPPORTED for others than prompts; as mcpring_call_set_structured.
 */
mcpring_status mcpring_call_set_description(mcpring_call *call, mcpring_str text);

/**
 * Says how many values there are in all, and whether there are more than were added. At most the
 * first hundred are sent.
 *
 * Ownership: nothing.
 * Threads: as the call.
 * Errors: MCPRING_ERR_UNSUPPORTED for others than completions; MCPRING_ERR_HANDLE,
 * MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
 */
mcpring_status mcpring_call_set_total(mcpring_call *call, uint64_t total, bool has_more);

/**
 * Answers a call with what was added to it, or asks what was to be asked. With nothing added the
 * answer is empty.
 *
 * Ownership: the call is over for the program.
 * Threads: as the call.
 * Errors: MCPRING_ERR_STATE when a state was set and nothing is asked; MCPRING_ERR_HANDLE,
 * MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
 */
mcpring_status mcpring_call_finish(mcpring_call *call);

/**
 * Answers a call with a failure. Of a tool the words are for the model (isError); of others it is
 * an internal error of the protocol.
 *
 * Ownership: the words are copied. The call is over for the program; what was added is dropped.
 * Threads: as the call.
 * Errors: as mcpring_call_reply_text.
 */
mcpring_status mcpring_call_fail(mcpring_call *call, mcpring_str words);

/**
 * Answers a call with an error of the protocol (JSON-RPC).
 *
 * Ownership: everything is copied; data is JSON and may be absent. The call is over for the
 * program; what was added is dropped.
 * Threads: as the call.
 * Errors: as mcpring_call_reply_text.
 */
mcpring_status mcpring_call_error(mcpring_call *call,
                                  int32_t code,
                                  mcpring_str message,
                                  mcpring_str data);

/**
 * Answers a call with text: a tool's block, what a prompt's user says, a resource's text or a
 * completion's one value, behind what was added before.
 *
 * Ownership: the text is copied. The call is over for the program.
 * Threads: as the call.
 * Errors: MCPRING_ERR_LIMIT when the answer is longer than frame_bytes_max; MCPRING_ERR_STATE when
 * a question or a state was set, which an answer has no room for; MCPRING_ERR_HANDLE,
 * MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT. The call is still to be answered
 * then.
 */
mcpring_status mcpring_call_reply_text(mcpring_call *call, mcpring_str text);

/**
 * Answers a call with JSON: a tool's structured content, with its text for clients that know
 * none; a resource's text of application/json.
 *
 * Ownership: the JSON is copied. The call is over for the program.
 * Threads: as the call.
 * Errors: MCPRING_ERR_ARGUMENT for malformed JSON, MCPRING_ERR_UNSUPPORTED for prompts and
 * completions; as mcpring_call_reply_text.
 */
mcpring_status mcpring_call_reply_json(mcpring_call *call, mcpring_str json);

/**
 * Answers a call with bytes: of a tool a picture (image/...), a sound (audio/...) or else an
 * embedded resource whose URI is blob: and the tool's name; of a resource its content, whose media
 * type may be absent for the registered one.
 *
 * Ownership: the bytes are copied. The call is over for the program.
 * Threads: as the call.
 * Errors: MCPRING_ERR_UNSUPPORTED for prompts and completions; as mcpring_call_reply_text.
 */
mcpring_status mcpring_call_reply_blob(mcpring_call *call,
                                       mcpring_str bytes,
                                       mcpring_str mime_type);

/**
 * Asks the client something: "elicitation/create" (the person), "sampling/createMessage" (its
 * model) or "roots/list" (where it works). params are the JSON of the request's parameters; absent
 * they are {}. Several questions are asked together, with mcpring_call_finish or when the callback
 * returns MCPRING_OK. Then the callback is entered again from its beginning, as another call, and
 * finds what came with mcpring_call_answer under the same key.
 *
 * Whether the client can be asked is not looked at here: an unsupported question makes the call
 * fail. mcpring_call_can_ask tells beforehand.
 *
 * Ownership: everything is copied.
 * Threads: as the call.
 * Errors: MCPRING_ERR_ARGUMENT for an unknown method, params that are no JSON object, and a key
 * that was asked already; MCPRING_ERR_UNSUPPORTED inside a completion; MCPRING_ERR_HANDLE,
 * MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
 */
mcpring_status mcpring_call_ask(mcpring_call *call,
                                mcpring_str key,
                                mcpring_str method,
                                mcpring_str params);

/**
 * Says whether the client of a call can be asked a question of this form: whether its version has
 * it and the client declared it.
 *
 * Ownership: nothing.
 * Threads: as the call.
 * Errors: MCPRING_ERR_ARGUMENT as mcpring_call_ask; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD,
 * MCPRING_ERR_DONE.
 */
mcpring_status mcpring_call_can_ask(mcpring_call *call,
                                    mcpring_str method,
                                    mcpring_str params,
                                    bool *can);

/**
 * Gives the client's answer to the question of that key: the JSON of the result, as the client
 * wrote it. It was made elsewhere and is unchecked.
 *
 * Ownership: *json is borrowed until the call is over (inside the callback: until it returns).
 * Threads: as the call.
 * Errors: MCPRING_ERR_NOT_FOUND when it was not asked yet, MCPRING_ERR_REFUSED when the client
 * answered with an error, which the words have; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD,
 * MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_call_answer(mcpring_call *call, mcpring_str key, mcpring_str *json);

/**
 * Keeps bytes for the callback until it is entered again. They travel with a question, and some
 * versions have the client carry them, sealed: it can neither read nor change them, but send older
 * ones again.
 *
 * Ownership: the bytes are copied.
 * Threads: as the call.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_call_set_state(mcpring_call *call, mcpring_str bytes);

/**
 * Gives the bytes that the callback kept with mcpring_call_set_state when it last asked.
 *
 * Ownership: *bytes is borrowed until the call is over (inside the callback: until it returns).
 * Threads: as the call.
 * Errors: MCPRING_ERR_NOT_FOUND when there are none; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD,
 * MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_call_state(mcpring_call *call, mcpring_str *bytes);

/**
 * Lets go of the HTTP connection that waits for the answer: the client comes back for it after a
 * moment. Spares a connection during long work. Where version or transport have no such thing,
 * nothing happens.
 *
 * Ownership: nothing.
 * Threads: as the call.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
 */
mcpring_status mcpring_call_close_stream(mcpring_call *call);

/**
 * Tells the client that the person is done at the URL of the question of that id. Only protocol
 * version 2025-11-25 has such a message; elsewhere nothing happens.
 *
 * Ownership: the id is copied.
 * Threads: as the call.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_call_elicited(mcpring_call *call, mcpring_str id);

/**
 * Makes a call a task from here on, if it is none: its client gets the task's id at once, and the
 * answer when it asks for it. For tools with task_by_handler, which choose the moment themselves.
 * A callback that runs inline comes too late with it.
 *
 * Ownership: nothing.
 * Threads: as the call.
 * Errors: MCPRING_ERR_UNSUPPORTED when it stays a plain call, as the client or the tool has no
 * tasks; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
 */
mcpring_status mcpring_call_become_task(mcpring_call *call);

/**
 * Tells people where a task stands. Nothing happens for a call that is no task.
 *
 * Ownership: the words are copied.
 * Threads: as the call.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
 */
mcpring_status mcpring_call_task_status(mcpring_call *call, mcpring_str words);

/** @} */

/**
 * @defgroup mcpring_json JSON
 * A parser over the caller's bytes that keeps its memory. It belongs to the thread that made it.
 * @{
 */

/**
 * A value of a parsed text, by its place: 0 is the whole text's value, and what is inside a value
 * follows it.
 */
typedef uint32_t mcpring_node;

/** What a value is: one of MCPRING_KIND_. */
typedef uint32_t mcpring_kind;

/** Bytes that must be readable behind a text for it to be parsed where it lies. */
#define MCPRING_PADDING 64

/** No value: what is not there. */
#define MCPRING_NO_NODE UINT32_MAX

/** null */
#define MCPRING_KIND_NULL 0

/** true or false */
#define MCPRING_KIND_BOOL 1

/** A number, of any size and precision. */
#define MCPRING_KIND_NUMBER 2

/** A string. */
#define MCPRING_KIND_STRING 3

/** An array. */
#define MCPRING_KIND_ARRAY 4

/** An object. */
#define MCPRING_KIND_OBJECT 5

/**
 * A walk through the items of an array or the members of an object: begun by mcpring_json_walk,
 * moved on by mcpring_json_step. Over when the parser parses another text.
 */
typedef struct mcpring_walk {
  /** The next item, or the next member's name. */
  mcpring_node next;
  /** Items or members to come. */
  uint32_t left;
  /** Not 0 when they are members. */
  uint32_t members;
} mcpring_walk;

/** How a mcpring_walk starts. */
#define MCPRING_WALK_INIT \
  { MCPRING_NO_NODE, 0, 0 }

/**
 * Makes a parser. Its memory grows with the largest text and is used again for each.
 *
 * Ownership: *json is the caller's, to be freed with mcpring_json_free on the same thread; a
 * thread that ends frees those it still has.
 * Threads: any; the parser belongs to this one.
 * Errors: MCPRING_ERR_ARGUMENT when json is NULL, MCPRING_ERR_LIMIT.
 */
mcpring_status mcpring_json_new(mcpring_json **json);

/**
 * Frees a parser; NULL is nothing to free.
 *
 * Ownership: takes the parser; what it lent is over.
 * Threads: the one that made it.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD.
 */
mcpring_status mcpring_json_free(mcpring_json *json);

/**
 * Parses one text, strictly by RFC 8259. What was known of the text before is over.
 *
 * readable says how many bytes may be read from text.data on, whatever they hold. With at least
 * text.len + MCPRING_PADDING the text is used where it lies; with fewer it is copied.
 *
 * Ownership: a text that is used where it lies must stay as it is until the next parse or until
 * the parser is freed; one that is copied need not.
 * Threads: the one that made the parser.
 * Errors: MCPRING_ERR_MALFORMED with reason and offset, MCPRING_ERR_ARGUMENT when text.data is
 * NULL, MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD.
 */
mcpring_status mcpring_json_parse(mcpring_json *json, mcpring_str text, size_t readable);

/**
 * Gives what a value is.
 *
 * Ownership: nothing.
 * Threads: the one that made the parser.
 * Errors: MCPRING_ERR_ARGUMENT when there is no such value, MCPRING_ERR_STATE when no text was
 * parsed, MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD.
 */
mcpring_status mcpring_json_kind(mcpring_json *json, mcpring_node node, mcpring_kind *kind);

/**
 * Gives a value's bytes exactly as they stand in the text, quotes included.
 *
 * Ownership: *raw is borrowed until the next parse or until the parser is freed; of a text that is
 * used where it lies it is a part of that text.
 * Threads: the one that made the parser.
 * Errors: as mcpring_json_kind.
 */
mcpring_status mcpring_json_raw(mcpring_json *json, mcpring_node node, mcpring_str *raw);

/**
 * Counts the items of an array or the members of an object; of anything else there are 0.
 *
 * Ownership: nothing.
 * Threads: the one that made the parser.
 * Errors: as mcpring_json_kind.
 */
mcpring_status mcpring_json_count(mcpring_json *json, mcpring_node node, size_t *count);

/**
 * Gives the value of an object's first member of this name, escapes in the text considered.
 *
 * Ownership: key is read during the call.
 * Threads: the one that made the parser.
 * Errors: MCPRING_ERR_NOT_FOUND when there is none or the value is no object,
 * MCPRING_ERR_ARGUMENT when key is not UTF-8, otherwise as mcpring_json_kind.
 */
mcpring_status mcpring_json_get(mcpring_json *json,
                                mcpring_node object,
                                mcpring_str key,
                                mcpring_node *value);

/**
 * Begins a walk through the items of an array or the members of an object; of anything else it
 * ends at once.
 *
 * Ownership: *walk is the caller's, and needs no end.
 * Threads: the one that made the parser.
 * Errors: as mcpring_json_kind.
 */
mcpring_status mcpring_json_walk(mcpring_json *json, mcpring_node container, mcpring_walk *walk);

/**
 * Gives the next item, or the next member's name (a string) and value. name may be NULL; in an
 * array it becomes MCPRING_NO_NODE.
 *
 * Returns MCPRING_END, and writes nothing, when there are no more.
 *
 * Ownership: nothing.
 * Threads: the one that made the parser.
 * Errors: MCPRING_ERR_ARGUMENT when the walk leads nowhere, otherwise as mcpring_json_kind.
 */
mcpring_status mcpring_json_step(mcpring_json *json,
                                 mcpring_walk *walk,
                                 mcpring_node *name,
                                 mcpring_node *value);

/**
 * Gives a string's content: a part of the text where it has no escapes, otherwise decoded into
 * buffer. A capacity of the value's raw length is always enough.
 *
 * Ownership: *text is borrowed from the text (see mcpring_json_raw) or from buffer.
 * Threads: the one that made the parser.
 * Errors: MCPRING_ERR_SPACE when it has to be decoded and buffer is too small,
 * MCPRING_ERR_ARGUMENT when the value is no string, otherwise as mcpring_json_kind.
 */
mcpring_status mcpring_json_text(mcpring_json *json,
                                 mcpring_node node,
                                 char *buffer,
                                 size_t capacity,
                                 mcpring_str *text);

/**
 * Gives a number that is written as an integer.
 *
 * Ownership: nothing.
 * Threads: the one that made the parser.
 * Errors: MCPRING_ERR_ARGUMENT when the value is no such number or does not fit, otherwise as
 * mcpring_json_kind.
 */
mcpring_status mcpring_json_i64(mcpring_json *json, mcpring_node node, int64_t *number);

/**
 * Gives a number that is written as an integer without a sign.
 *
 * Ownership: nothing.
 * Threads: the one that made the parser.
 * Errors: as mcpring_json_i64.
 */
mcpring_status mcpring_json_u64(mcpring_json *json, mcpring_node node, uint64_t *number);

/**
 * Gives the double nearest to a number.
 *
 * Ownership: nothing.
 * Threads: the one that made the parser.
 * Errors: MCPRING_ERR_ARGUMENT when the value is no number or beyond the finite ones, otherwise as
 * mcpring_json_kind.
 */
mcpring_status mcpring_json_f64(mcpring_json *json, mcpring_node node, double *number);

/**
 * Gives what true or false stands there.
 *
 * Ownership: nothing.
 * Threads: the one that made the parser.
 * Errors: MCPRING_ERR_ARGUMENT when the value is neither, otherwise as mcpring_json_kind.
 */
mcpring_status mcpring_json_bool(mcpring_json *json, mcpring_node node, bool *value);

/**
 * Writes text as a JSON string with its quotes, without a NUL at the end. A capacity of
 * 6 * text.len + 2 is always enough; with capacity 0 and buffer NULL it only counts.
 *
 * Ownership: text is read during the call; buffer is the caller's and must not overlap it.
 * Threads: any.
 * Errors: MCPRING_ERR_SPACE, which does write to *written how much is needed;
 * MCPRING_ERR_ARGUMENT when text is not UTF-8.
 */
mcpring_status mcpring_json_quote(mcpring_str text, char *buffer, size_t capacity, size_t *written);

/** @} */

/**
 * @defgroup mcpring_schema Schemas and messages
 * JSON Schema 2020-12, compiled once and checked on any thread; the envelope of a JSON-RPC
 * message.
 * @{
 */

/** Wants an answer. */
#define MCPRING_MESSAGE_REQUEST 0

/** Wants none. */
#define MCPRING_MESSAGE_NOTIFICATION 1

/** Answers a request with a result. */
#define MCPRING_MESSAGE_RESPONSE 2

/** Answers a request with an error. */
#define MCPRING_MESSAGE_ERROR 3

/** What a message says. Of one that is malformed only id, code and answerable mean something. */
typedef struct mcpring_message {
  /** sizeof(mcpring_message), set by MCPRING_MESSAGE_INIT. */
  size_t struct_size;
  /** One of MCPRING_MESSAGE_. */
  uint32_t kind;
  /** As it stands in the text and has to be echoed, quotes included; absent if there is none. */
  mcpring_str id;
  /** The method's name, decoded; of a request or notification. */
  mcpring_str method;
  /** An object or array, or MCPRING_NO_NODE. */
  mcpring_node params;
  /** Of a response, or MCPRING_NO_NODE. */
  mcpring_node result;
  /** Of an error, or MCPRING_NO_NODE. */
  mcpring_node error;
  /** Of a malformed message: the JSON-RPC error code to answer with; otherwise 0. */
  int32_t code;
  /** Of a malformed message: whether to answer at all; otherwise false. */
  bool answerable;
} mcpring_message;

/** How a mcpring_message starts. */
#define MCPRING_MESSAGE_INIT \
  { sizeof(mcpring_message), 0, MCPRING_ABSENT, MCPRING_ABSENT, MCPRING_NO_NODE, MCPRING_NO_NODE, \
    MCPRING_NO_NODE, 0, false }

/**
 * Compiles a schema, of draft 2020-12 unless its $schema says otherwise. Nothing is ever fetched.
 *
 * Ownership: *schema is the caller's, to be freed with mcpring_schema_free; json is read during
 * the call.
 * Threads: any.
 * Errors: MCPRING_ERR_USAGE with the place in the schema, MCPRING_ERR_ARGUMENT, MCPRING_ERR_LIMIT.
 */
mcpring_status mcpring_schema_new(mcpring_str json, mcpring_schema **schema);

/**
 * Frees a schema; NULL is nothing to free. A check that runs meanwhile is not disturbed.
 *
 * Ownership: takes the schema.
 * Threads: any, also inside destroy functions.
 * Errors: MCPRING_ERR_HANDLE.
 */
mcpring_status mcpring_schema_free(mcpring_schema *schema);

/**
 * Checks a value. An object with two members of one name breaks every schema.
 *
 * Ownership: nothing.
 * Threads: the one that made the parser.
 * Errors: MCPRING_ERR_INVALID with the first violation's place and reason, otherwise as
 * mcpring_json_kind.
 */
mcpring_status mcpring_schema_check(mcpring_schema *schema, mcpring_json *json, mcpring_node node);

/**
 * Reads the envelope of a message strictly: "jsonrpc" must be "2.0", and none of its members may
 * occur twice. An array (a batch) is the caller's to walk through.
 *
 * Ownership: the views in *message are borrowed until the next parse or message_read of this
 * parser, or until it is freed.
 * Threads: the one that made the parser.
 * Errors: MCPRING_ERR_MALFORMED, which does write id, code and answerable; MCPRING_ERR_ARGUMENT
 * when message is NULL or has a bad struct_size; otherwise as mcpring_json_kind.
 */
mcpring_status mcpring_message_read(mcpring_json *json,
                                    mcpring_node node,
                                    mcpring_message *message);

/** @} */

/**
 * @defgroup mcpring_frames Frames
 * Messages cut out of a stream of bytes, and put into one. A decoder belongs to the thread that
 * made it.
 * @{
 */

/** How frames are told apart: one of MCPRING_FRAMING_. */
typedef uint32_t mcpring_framing;

/** Four bytes of length, the most significant first, then the payload. */
#define MCPRING_FRAMING_LENGTH 0

/** One payload a line; empty lines are skipped, and a carriage return before the newline too. */
#define MCPRING_FRAMING_LINE 1

/** A frame. */
typedef struct mcpring_frame {
  /** Its bytes. */
  mcpring_str payload;
  /** Bytes that may be read from payload.data on: what mcpring_json_parse wants to know. */
  size_t readable;
} mcpring_frame;

/** How a mcpring_frame starts. */
#define MCPRING_FRAME_INIT \
  { MCPRING_ABSENT, 0 }

/**
 * Writes payload as a frame: with its length before it, or with a newline behind it. With capacity
 * 0 and buffer NULL it only counts.
 *
 * Ownership: payload is read during the call; buffer is the caller's and must not overlap it.
 * Threads: any.
 * Errors: MCPRING_ERR_SPACE, which does write to *written how much is needed;
 * MCPRING_ERR_ARGUMENT when payload is empty, too long, or has a newline that would end it early.
 */
mcpring_status mcpring_frame_encode(mcpring_framing framing,
                                    mcpring_str payload,
                                    char *buffer,
                                    size_t capacity,
                                    size_t *written);

/**
 * Writes one server-sent event. id and event may be absent; data may have several lines. With
 * capacity 0 and buffer NULL it only counts.
 *
 * Ownership: the texts are read during the call; buffer is the caller's and must not overlap them.
 * Threads: any.
 * Errors: MCPRING_ERR_SPACE, which does write to *written how much is needed;
 * MCPRING_ERR_ARGUMENT when a text is not UTF-8, or id or event has a line break.
 */
mcpring_status mcpring_sse_encode(mcpring_str id,
                                  mcpring_str event,
                                  mcpring_str data,
                                  char *buffer,
                                  size_t capacity,
                                  size_t *written);

/**
 * Makes a decoder for one stream. frame_bytes_max is the longest payload it takes; 0 stands for
 * 16 MiB.
 *
 * Ownership: *frames is the caller's, to be freed with mcpring_frames_free on the same thread; a
 * thread that ends frees those it still has.
 * Threads: any; the decoder belongs to this one.
 * Errors: MCPRING_ERR_ARGUMENT, MCPRING_ERR_LIMIT.
 */
mcpring_status mcpring_frames_new(mcpring_framing framing,
                                  size_t frame_bytes_max,
                                  mcpring_frames **frames);

/**
 * Frees a decoder; NULL is nothing to free.
 *
 * Ownership: takes the decoder; the frame it kept is over.
 * Threads: the one that made it.
 * Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD.
 */
mcpring_status mcpring_frames_free(mcpring_frames *frames);

/**
 * Cuts the next frame from chunk at *at, which moves behind what was taken; it begins with 0 for
 * each chunk. readable says how many bytes may be read from chunk.data on, whatever they hold;
 * anything below chunk.len stands for chunk.len.
 *
 * Returns MCPRING_MORE when the chunk is used up; its tail is kept, and *frame is not written.
 *
 * Ownership: the frame is a part of chunk, or of the decoder until it is called again.
 * Threads: the one that made the decoder.
 * Errors: MCPRING_ERR_MALFORMED and MCPRING_ERR_LIMIT (a frame of length 0, one that is too long),
 * after which the stream has to be closed; MCPRING_ERR_ARGUMENT when *at is behind the chunk;
 * MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD.
 */
mcpring_status mcpring_frames_next(mcpring_frames *frames,
                                   mcpring_str chunk,
                                   size_t readable,
                                   size_t *at,
                                   mcpring_frame *frame);

/**
 * Ends the stream: gives a last line that has no newline.
 *
 * Returns MCPRING_END when there is none.
 *
 * Ownership: the frame is the decoder's until it is called again.
 * Threads: the one that made the decoder.
 * Errors: MCPRING_ERR_MALFORMED when the stream ended inside a frame of MCPRING_FRAMING_LENGTH,
 * MCPRING_ERR_ARGUMENT, MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD.
 */
mcpring_status mcpring_frames_finish(mcpring_frames *frames, mcpring_frame *frame);

/** @} */

/**
 * @defgroup mcpring_host Hosts of plugins
 * What a plugin is given; mcpring_plugin.h makes use of it.
 * @{
 */

/** A function of the library, to be called by its own type. */
typedef void (*mcpring_function)(void);

/** What a plugin gets from its host. */
typedef struct mcpring_host {
  /** sizeof(mcpring_host) of the host. */
  size_t struct_size;
  /** MCPRING_ABI of the host. */
  uint32_t abi;
  /** Gives the library's function of that name, NULL when the host has none. */
  mcpring_function (*find)(const char *name);
} mcpring_host;

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* MCPRING_H */
