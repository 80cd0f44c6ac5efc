/**
 * @file mcpring.h
 * The C library of mcpring, an MCP server engine on Linux io_uring.
 *
 * A program makes a server, adds tools, resources, templates and prompts with callbacks, says where
 * to listen, and runs it. The rules below hold for every function; what is special about one stands
 * beside it under Ownership, Threads and Errors.
 *
 * Status. A function that can fail returns mcpring_status: 0 is done, a positive number is news that
 * is no failure (MCPRING_MORE, MCPRING_END), a negative one is a failure. A number is never used
 * again for something else. Outputs are the last parameters and are written on success only, but
 * where a function says otherwise. mcpring_last_error() has the words of this thread's last failure.
 *
 * Text and bytes are mcpring_str: a pointer and a length. Text must be UTF-8, which is checked; it may
 * hold NUL and need not end with one. { NULL, 0 } means absent where text is optional. What the
 * library hands out is borrowed: each function says how long it stays.
 *
 * Handles (mcpring_server *, mcpring_call *, mcpring_text *, mcpring_json *, mcpring_schema *,
 * mcpring_frames *) are numbers that look like pointers; nobody reads what they seem to point at.
 * NULL, a freed handle, and a handle of another type give MCPRING_ERR_HANDLE. Freeing NULL is done.
 *
 * Structs that may grow begin with struct_size, which their MCPRING_..._INIT fills. A larger size than
 * this library knows is refused; a smaller one, of an older program, is completed with zeros.
 *
 * Callbacks get back the user_data they were given with. A destroy function is called exactly once,
 * when nothing uses its user_data any more, also when the function that took it fails.
 *
 * Nothing is thrown through a call: a fault inside the library is MCPRING_ERR_INTERNAL. A C++ callback
 * must not throw. The library touches no signal handler unless the setting "signals" says so.
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

/** Cuts a stream of bytes into frames. It belongs to the thread that made it. */
typedef struct mcpring_frames mcpring_frames;

/** A JSON parser and the text it parsed last. It belongs to the thread that made it. */
typedef struct mcpring_json mcpring_json;

/** A compiled JSON Schema. */
typedef struct mcpring_schema mcpring_schema;

/** A text that the library made: to be viewed, then freed. */
typedef struct mcpring_text mcpring_text;

/**
 * @defgroup mcpring_library The library
 * Versions, statuses, text, the log. Every function works on any thread.
 * @{
 */

/** What a function answers: 0 fine, positive for news that is no failure, negative for a failure. */
typedef int32_t mcpring_status;

/** How serious a line is: the eight levels of RFC 5424, from MCPRING_LEVEL_DEBUG up. */
typedef uint32_t mcpring_level;

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

/** Text or bytes, lent: where they are and how many. {NULL, 0} is "absent" where something may be. */
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

/** Takes one line of the library's log: a short word for its reason, and the line without an end. */
typedef void (*mcpring_log_fn)(void *user_data,
                               mcpring_level level,
                               mcpring_str reason,
                               mcpring_str line);

/**
 * Called with user_data when the library needs it no more. It may run on any thread and must not
 * call the library (gets MCPRING_ERR_STATE).
 */
typedef void (*mcpring_destroy_fn)(void *user_data);

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
 * the whole process. The function is called from any of the library's threads, several at once,
 * and must not call the library (gets MCPRING_ERR_STATE).
 *
 * Ownership: user_data is the library's until destroy is called with it: exactly once, when the
 * function is replaced and no call of it runs any more.
 * Threads: any.
 * Errors: MCPRING_ERR_STATE inside the log function or a destroy function.
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
 * Threads: any.
 * Errors: MCPRING_ERR_HANDLE.
 */
mcpring_status mcpring_text_free(mcpring_text *text);

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
 * Threads: any.
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

#ifdef __cplusplus
}
#endif

#endif /* MCPRING_H */
