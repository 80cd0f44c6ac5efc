/// @file mcpring.hpp
/// mcpring for C++17: owners for the handles of mcpring.h, exceptions for its statuses, and
/// functions of any kind as handlers. Headers only: link what a C program links.
///
/// What mcpring.h says about threads and about how long a view lives is true here too. Functions
/// throw mcpring::Error where their C twins give a negative status. What a handler throws fails its
/// call; nothing is ever thrown through the library. Texts go in and out as std::string_view; a
/// view without data (`{}`) is an absent text, `""` an empty one.
///
/// A plugin includes mcpring_plugin.h first, wraps the server it is given in a ServerView, and adds
/// its features inside of guarded().
#ifndef MCPRING_HPP
#define MCPRING_HPP

#include "mcpring.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mcpring {

/// A text as the library takes it. Borrowed: it must outlive the call it is passed to.
inline mcpring_str str(std::string_view text) noexcept {
  return mcpring_bytes(text.data(), text.size());
}

/// A text of the library's. Borrowed, for as long as the function it came from says.
inline std::string_view view(mcpring_str text) noexcept { return {text.data, text.len}; }

/// What went wrong: the status, and the library's words for it.
class Error : public std::runtime_error {
 public:
  /// With the words of this thread's last failure.
  explicit Error(mcpring_status status) : Error(status, view(mcpring_last_error())) {}

  /// With words of the caller's.
  Error(mcpring_status status, std::string_view words)
      : std::runtime_error(std::string(mcpring_status_name(status)) + ": " + std::string(words)),
        status_(status) {}

  /// One of MCPRING_ERR_...
  mcpring_status status() const noexcept { return status_; }

 private:
  mcpring_status status_;
};

/// Throws unless the status is MCPRING_OK or one of the positive ones, which it returns.
inline mcpring_status check(mcpring_status status) {
  if (status < 0) throw Error(status);
  return status;
}

/// Runs `work()` where C calls and nothing may be thrown, as in the init function of a plugin: what
/// it throws becomes the status.
template <typename Work>
mcpring_status guarded(Work &&work) noexcept {
  try {
    work();
    return MCPRING_OK;
  } catch (const Error &fault) {
    return fault.status();
  } catch (...) {
    return MCPRING_ERR_CALLBACK;
  }
}

namespace detail {

/// The value, or nothing when it was not found; throws for any other failure.
template <typename T>
std::optional<T> found(mcpring_status status, T value) {
  if (status == MCPRING_ERR_NOT_FOUND) return std::nullopt;
  check(status);
  return value;
}

/// Frees what std::unique_ptr holds. No template over the functions that free: in a plugin they
/// are pointers, which are known at run time only.
struct Free {
  void operator()(mcpring_text *handle) const noexcept { mcpring_text_free(handle); }
  void operator()(mcpring_json *handle) const noexcept { mcpring_json_free(handle); }
  void operator()(mcpring_schema *handle) const noexcept { mcpring_schema_free(handle); }
  void operator()(mcpring_frames *handle) const noexcept { mcpring_frames_free(handle); }
};

template <typename T>
using Owned = std::unique_ptr<T, Free>;

}  // namespace detail

/// A text that the library made for its caller.
class Text {
 public:
  /// Takes over `text`.
  explicit Text(mcpring_text *text) noexcept : text_(text) {}

  /// What it says, as long as this object lives.
  std::string_view view() const {
    mcpring_str text{};
    check(mcpring_text_view(text_.get(), &text));
    return mcpring::view(text);
  }

 private:
  detail::Owned<mcpring_text> text_;
};

// ---- Building blocks

/// A value of a text that Json has parsed; valid until the next parse.
class Value {
 public:
  class Items;

  Value(mcpring_json *json, mcpring_node node) noexcept : json_(json), node_(node) {}

  /// One of MCPRING_KIND_...
  mcpring_kind kind() const { return read<mcpring_kind>(mcpring_json_kind); }

  /// Its text, as it was written.
  std::string_view raw() const { return view(read<mcpring_str>(mcpring_json_raw)); }

  /// How many items or members it has.
  std::size_t size() const { return read<std::size_t>(mcpring_json_count); }

  std::int64_t i64() const { return read<std::int64_t>(mcpring_json_i64); }
  std::uint64_t u64() const { return read<std::uint64_t>(mcpring_json_u64); }
  double f64() const { return read<double>(mcpring_json_f64); }
  bool boolean() const { return read<bool>(mcpring_json_bool); }

  /// The content of a string, decoded.
  std::string text() const {
    std::string buffer(raw().size(), '\0');
    mcpring_str content{};
    check(mcpring_json_text(json_, node_, buffer.data(), buffer.size(), &content));
    return std::string(view(content));
  }

  /// The member of an object, if it is there.
  std::optional<Value> find(std::string_view key) const {
    mcpring_node value = MCPRING_NO_NODE;
    const mcpring_status status = mcpring_json_get(json_, node_, str(key), &value);
    return detail::found(status, Value(json_, value));
  }

  /// The member of an object; throws when there is none.
  Value operator[](std::string_view key) const {
    mcpring_node value = MCPRING_NO_NODE;
    check(mcpring_json_get(json_, node_, str(key), &value));
    return {json_, value};
  }

  /// What to iterate over: the items of an array, the members of an object.
  Items items() const;

  mcpring_json *json() const noexcept { return json_; }
  mcpring_node node() const noexcept { return node_; }

 private:
  template <typename T>
  T read(mcpring_status (*function)(mcpring_json *, mcpring_node, T *)) const {
    T value{};
    check(function(json_, node_, &value));
    return value;
  }

  mcpring_json *json_;
  mcpring_node node_;
};

/// One item of an array, or one member of an object, which has a name.
struct Item {
  std::optional<Value> name;
  Value value;
};

/// The items of a container, for a range-based for.
class Value::Items {
 public:
  struct End {};

  class Iterator {
   public:
    Iterator(mcpring_json *json, mcpring_walk walk) : json_(json), walk_(walk) { step(); }

    Item operator*() const {
      const bool is_named = name_ != MCPRING_NO_NODE;
      return {is_named ? std::optional<Value>(Value(json_, name_)) : std::nullopt,
              Value(json_, value_)};
    }

    Iterator &operator++() {
      step();
      return *this;
    }

    bool operator!=(End) const noexcept { return !is_over_; }

   private:
    void step() {
      is_over_ = check(mcpring_json_step(json_, &walk_, &name_, &value_)) == MCPRING_END;
    }

    mcpring_json *json_;
    mcpring_walk walk_;
    mcpring_node name_ = MCPRING_NO_NODE, value_ = MCPRING_NO_NODE;
    bool is_over_ = false;
  };

  Items(mcpring_json *json, mcpring_walk walk) noexcept : json_(json), walk_(walk) {}

  Iterator begin() const { return {json_, walk_}; }
  End end() const noexcept { return {}; }

 private:
  mcpring_json *json_;
  mcpring_walk walk_;
};

inline Value::Items Value::items() const {
  mcpring_walk walk{};
  check(mcpring_json_walk(json_, node_, &walk));
  return {json_, walk};
}

/// A parser and the text it parsed last. Belongs to the thread that made it.
class Json {
 public:
  Json() {
    mcpring_json *json = nullptr;
    check(mcpring_json_new(&json));
    json_.reset(json);
  }

  /// Parses a text; the value of the whole. `readable` counts the bytes that may be read from
  /// `text.data()` on: with MCPRING_PADDING of them behind the text it is used in place, and must
  /// stay as it is; otherwise it is copied.
  Value parse(std::string_view text, std::size_t readable = 0) {
    check(mcpring_json_parse(json_.get(), str(text), readable > 0 ? readable : text.size()));
    return root();
  }

  /// The value of the whole text.
  Value root() const noexcept { return {json_.get(), 0}; }

 private:
  detail::Owned<mcpring_json> json_;
};

/// A JSON Schema, compiled. Any thread may use it.
class Schema {
 public:
  explicit Schema(std::string_view json) {
    mcpring_schema *schema = nullptr;
    mcpring::check(mcpring_schema_new(str(json), &schema));
    schema_.reset(schema);
  }

  /// Whether the value keeps the schema.
  bool accepts(Value value) const {
    const mcpring_status status = mcpring_schema_check(schema_.get(), value.json(), value.node());
    if (status == MCPRING_ERR_INVALID) return false;
    mcpring::check(status);
    return true;
  }

  /// Throws, with path and reason, unless the value keeps the schema.
  void check(Value value) const {
    mcpring::check(mcpring_schema_check(schema_.get(), value.json(), value.node()));
  }

 private:
  detail::Owned<mcpring_schema> schema_;
};

/// A message that cannot be read, and what JSON-RPC wants to be answered.
class MessageError : public Error {
 public:
  explicit MessageError(const mcpring_message &message)
      : Error(MCPRING_ERR_MALFORMED),
        id_(view(message.id)),
        code_(message.code),
        is_answerable_(message.answerable) {}

  /// The id as it has to be echoed; empty when there is none.
  const std::string &id() const noexcept { return id_; }
  /// The JSON-RPC error code.
  std::int32_t code() const noexcept { return code_; }
  /// Whether to answer at all.
  bool is_answerable() const noexcept { return is_answerable_; }

 private:
  std::string id_;
  std::int32_t code_;
  bool is_answerable_;
};

/// The JSON-RPC envelope of a message. Throws MessageError when it is none.
inline mcpring_message read_message(Value value) {
  mcpring_message message = MCPRING_MESSAGE_INIT;
  const mcpring_status status = mcpring_message_read(value.json(), value.node(), &message);
  if (status == MCPRING_ERR_MALFORMED) throw MessageError(message);
  check(status);
  return message;
}

/// Cuts a stream of bytes into frames. Belongs to the thread that made it.
class Frames {
 public:
  /// `framing` is one of MCPRING_FRAMING_...
  Frames(mcpring_framing framing, std::size_t frame_bytes_max) {
    mcpring_frames *frames = nullptr;
    check(mcpring_frames_new(framing, frame_bytes_max, &frames));
    frames_.reset(frames);
  }

  /// The next frame of `chunk` from `at` on, which moves; nothing when the chunk is used up.
  /// `readable` as for Json::parse. After an exception the stream has to be closed.
  std::optional<mcpring_frame> next(std::string_view chunk, std::size_t readable,
                                    std::size_t &at) {
    mcpring_frame frame{};
    const auto status = mcpring_frames_next(frames_.get(), str(chunk), readable, &at, &frame);
    return check(status) == MCPRING_OK ? std::optional(frame) : std::nullopt;
  }

  /// At the end of the stream: a last line that had no end.
  std::optional<mcpring_frame> finish() {
    mcpring_frame frame{};
    const mcpring_status status = check(mcpring_frames_finish(frames_.get(), &frame));
    return status == MCPRING_OK ? std::optional(frame) : std::nullopt;
  }

 private:
  detail::Owned<mcpring_frames> frames_;
};

namespace detail {

/// What `encode(buffer, capacity, &written)` writes, in a string that is large enough for it.
template <typename Encode>
std::string encoded(std::size_t expected, Encode encode) {
  std::string text(expected, '\0');
  std::size_t written = 0;
  mcpring_status status = encode(text.data(), text.size(), &written);
  if (status == MCPRING_ERR_SPACE) {
    text.resize(written);
    status = encode(text.data(), text.size(), &written);
  }
  check(status);
  text.resize(written);
  return text;
}

}  // namespace detail

/// `text` as a JSON string, with its quotes.
inline std::string quote(std::string_view text) {
  return detail::encoded(text.size() + 16, [&](char *data, std::size_t size, std::size_t *written) {
    return mcpring_json_quote(str(text), data, size, written);
  });
}

/// `payload` as a frame.
inline std::string encode_frame(mcpring_framing framing, std::string_view payload) {
  const std::size_t expected = payload.size() + 8;
  return detail::encoded(expected, [&](char *data, std::size_t size, std::size_t *written) {
    return mcpring_frame_encode(framing, str(payload), data, size, written);
  });
}

/// A server-sent event.
inline std::string encode_event(std::string_view id, std::string_view event,
                                std::string_view data) {
  const std::size_t expected = id.size() + event.size() + data.size() + 32;
  return detail::encoded(expected, [&](char *out, std::size_t size, std::size_t *written) {
    return mcpring_sse_encode(str(id), str(event), str(data), out, size, written);
  });
}

// ---- Calls

/// Where a handler runs.
enum class Execution : mcpring_execution {
  pool = MCPRING_RUN_POOL,      ///< A worker thread; may block.
  inlined = MCPRING_RUN_INLINE, ///< The thread that serves sockets: brief computing only.
  host = MCPRING_RUN_HOST,      ///< The thread that calls ServerView::poll.
};

/// Whether calls of a tool may become tasks.
enum class TaskSupport : std::uint32_t {
  forbidden = MCPRING_TASK_FORBIDDEN,
  optional = MCPRING_TASK_OPTIONAL,
  required = MCPRING_TASK_REQUIRED,
};

/// A piece of an answer; see mcpring_content.
struct Content {
  mcpring_content_kind kind = MCPRING_CONTENT_TEXT;
  std::uint32_t role = MCPRING_ROLE_USER;
  std::string_view data{}, mime_type{}, uri{}, name{}, title{}, description{};
  std::string_view annotations{}, meta{};
};

class ServerView;

namespace detail {

/// Fails a call that is to be answered in any case: an exception's words may be no UTF-8, or too
/// long.
inline void fail(mcpring_call *call, mcpring_str words) noexcept {
  const mcpring_status status = mcpring_call_fail(call, words);
  if (status == MCPRING_ERR_ARGUMENT || status == MCPRING_ERR_LIMIT)
    mcpring_call_fail(call, MCPRING_STR("it failed, with words that cannot be sent"));
}

}  // namespace detail

/// What a call at hand and a kept one have in common.
class CallBase {
 public:
  CallBase(const CallBase &) = delete;
  CallBase &operator=(const CallBase &) = delete;

  /// For functions that have no twin here.
  mcpring_call *get() const noexcept { return call_; }

  /// `fact` is one of MCPRING_FACT_...; the view lives as long as the call.
  std::optional<std::string_view> fact(mcpring_fact fact) const {
    mcpring_str text{};
    const mcpring_status status = mcpring_call_fact(call_, fact, &text);
    return detail::found(status, view(text));
  }

  /// The sender's bytes of all arguments.
  std::string_view arguments() const {
    mcpring_str json{};
    check(mcpring_call_arguments(call_, &json));
    return view(json);
  }

  /// One argument that is a text.
  std::optional<std::string_view> argument(std::string_view name) const {
    return named<mcpring_str, std::string_view>(mcpring_call_argument, name, view);
  }
  std::optional<std::int64_t> argument_i64(std::string_view name) const {
    return named<std::int64_t>(mcpring_call_argument_i64, name);
  }
  std::optional<double> argument_f64(std::string_view name) const {
    return named<double>(mcpring_call_argument_f64, name);
  }
  std::optional<bool> argument_bool(std::string_view name) const {
    return named<bool>(mcpring_call_argument_bool, name);
  }

  /// What the URI has in the place of a template's variable.
  std::optional<std::string_view> variable(std::string_view name) const {
    return named<mcpring_str, std::string_view>(mcpring_call_variable, name, view);
  }

  /// The server that is called.
  ServerView server() const;

  /// Whether nobody waits for the answer any more.
  bool is_cancelled() const {
    bool is_cancelled = false;
    check(mcpring_call_cancelled(call_, &is_cancelled));
    return is_cancelled;
  }

  /// Milliseconds until its deadline, or MCPRING_FOREVER.
  std::uint64_t time_left_ms() const {
    std::uint64_t ms = 0;
    check(mcpring_call_time_left(call_, &ms));
    return ms;
  }

  void progress(double progress, double total = 0, std::string_view message = {}) {
    check(mcpring_call_progress(call_, progress, total, str(message)));
  }
  void log(mcpring_level level, std::string_view text, std::string_view logger = {}) {
    check(mcpring_call_log(call_, level, str(logger), str(text)));
  }
  void log_json(mcpring_level level, std::string_view json, std::string_view logger = {}) {
    check(mcpring_call_log_json(call_, level, str(logger), str(json)));
  }

  void add(const Content &content) {
    mcpring_content c = MCPRING_CONTENT_INIT;
    c.kind = content.kind;
    c.role = content.role;
    c.data = str(content.data);
    c.mime_type = str(content.mime_type);
    c.uri = str(content.uri);
    c.name = str(content.name);
    c.title = str(content.title);
    c.description = str(content.description);
    c.annotations = str(content.annotations);
    c.meta = str(content.meta);
    check(mcpring_call_add(call_, &c));
  }
  void add_text(std::string_view text) { check(mcpring_call_add_text(call_, str(text))); }
  void set_structured(std::string_view json) {
    check(mcpring_call_set_structured(call_, str(json)));
  }
  void set_meta(std::string_view json) { check(mcpring_call_set_meta(call_, str(json))); }
  void set_description(std::string_view text) {
    check(mcpring_call_set_description(call_, str(text)));
  }
  void set_total(std::uint64_t total, bool has_more) {
    check(mcpring_call_set_total(call_, total, has_more));
  }

  // Each of these answers the call, which can be done once.

  /// With what was added; or puts the questions.
  void finish() { answered(mcpring_call_finish(call_)); }
  void reply_text(std::string_view text) { answered(mcpring_call_reply_text(call_, str(text))); }
  void reply_json(std::string_view json) { answered(mcpring_call_reply_json(call_, str(json))); }
  void reply_blob(std::string_view bytes, std::string_view mime_type) {
    answered(mcpring_call_reply_blob(call_, str(bytes), str(mime_type)));
  }
  /// With words for the model.
  void fail(std::string_view words) { answered(mcpring_call_fail(call_, str(words))); }
  /// With a JSON-RPC error.
  void error(std::int32_t code, std::string_view message, std::string_view data = {}) {
    answered(mcpring_call_error(call_, code, str(message), str(data)));
  }

  // Questions: the handler is entered again from its beginning with the answers.

  void ask(std::string_view key, std::string_view method, std::string_view params = {}) {
    check(mcpring_call_ask(call_, str(key), str(method), str(params)));
  }
  bool can_ask(std::string_view method, std::string_view params = {}) const {
    bool can = false;
    check(mcpring_call_can_ask(call_, str(method), str(params), &can));
    return can;
  }
  /// The answer's JSON, if it is there; throws when the client refused.
  std::optional<std::string_view> answer(std::string_view key) const {
    return named<mcpring_str, std::string_view>(mcpring_call_answer, key, view);
  }
  void set_state(std::string_view bytes) { check(mcpring_call_set_state(call_, str(bytes))); }
  std::optional<std::string_view> state() const {
    mcpring_str bytes{};
    const mcpring_status status = mcpring_call_state(call_, &bytes);
    return detail::found(status, view(bytes));
  }

  void close_stream() { check(mcpring_call_close_stream(call_)); }
  void elicited(std::string_view id) { check(mcpring_call_elicited(call_, str(id))); }
  /// False when it stays a plain call.
  bool become_task() {
    const mcpring_status status = mcpring_call_become_task(call_);
    if (status == MCPRING_ERR_UNSUPPORTED) return false;
    check(status);
    return true;
  }
  void task_status(std::string_view words) { check(mcpring_call_task_status(call_, str(words))); }

 protected:
  explicit CallBase(mcpring_call *call) noexcept : call_(call) {}
  ~CallBase() = default;

  void answered(mcpring_status status) {
    check(status);
    is_answered_ = true;
  }

  template <typename T>
  std::optional<T> named(mcpring_status (*function)(mcpring_call *, mcpring_str, T *),
                         std::string_view name) const {
    T value{};
    const mcpring_status status = function(call_, str(name), &value);
    return detail::found(status, value);
  }

  template <typename T, typename U>
  std::optional<U> named(mcpring_status (*function)(mcpring_call *, mcpring_str, T *),
                         std::string_view name, U (*convert)(T) noexcept) const {
    const std::optional<T> value = named<T>(function, name);
    return value ? std::optional<U>(convert(*value)) : std::nullopt;
  }

  mcpring_call *call_;
  bool is_answered_ = false;
};

/// A call that outlives its handler: any thread may answer it, once. It fails when it is destroyed
/// without an answer.
class KeptCall : public CallBase {
 public:
  explicit KeptCall(mcpring_call *call) noexcept : CallBase(call) {}

  KeptCall(KeptCall &&other) noexcept : CallBase(std::exchange(other.call_, nullptr)) {
    is_answered_ = other.is_answered_;
  }
  KeptCall &operator=(KeptCall &&other) noexcept {
    if (this != &other) {
      drop();
      call_ = std::exchange(other.call_, nullptr);
      is_answered_ = other.is_answered_;
    }
    return *this;
  }
  ~KeptCall() { drop(); }

  /// Runs `work(*this)`; what it throws fails the call. For threads, which nothing may be thrown
  /// out of.
  template <typename Work>
  void attempt(Work &&work) noexcept {
    try {
      work(*this);
    } catch (const std::exception &fault) {
      give_up(mcpring_str_of(fault.what()));
    } catch (...) {
      give_up(MCPRING_STR("the work failed"));
    }
  }

 private:
  void drop() noexcept { give_up(MCPRING_STR("the call was dropped without an answer")); }

  void give_up(mcpring_str words) noexcept {
    if (call_ != nullptr && !is_answered_) detail::fail(call_, words);
    is_answered_ = true;
  }
};

/// A call inside its handler, and of its thread only.
class Call : public CallBase {
 public:
  explicit Call(mcpring_call *call) noexcept : CallBase(call) {}

  /// Makes the call last beyond the handler; this object is of no more use then. Views that it gave
  /// are good until the handler returns: whoever works on asks the KeptCall for them again.
  KeptCall keep() {
    check(mcpring_call_keep(call_));
    is_kept_ = true;
    return KeptCall(std::exchange(call_, nullptr));
  }

  bool is_kept() const noexcept { return is_kept_; }

 private:
  bool is_kept_ = false;
};

/// What runs for a call. It answers, asks or keeps the call; an exception fails it with its words,
/// a call that was kept excepted, which is its KeptCall's to answer.
///
/// A handler that the library drops takes what it captured along, where nothing of the library may
/// be called: it refers to a Schema or a Text, and does not own one.
using Handler = std::function<void(Call &)>;

namespace detail {

/// The C callback of every handler.
inline mcpring_status run(mcpring_call *handle, void *handler) noexcept {
  Call call(handle);
  try {
    (*static_cast<Handler *>(handler))(call);
    return MCPRING_OK;
  } catch (const std::exception &fault) {
    if (!call.is_kept()) fail(handle, mcpring_str_of(fault.what()));
  } catch (...) {
    if (!call.is_kept()) fail(handle, MCPRING_STR("the handler failed"));
  }
  return MCPRING_OK;
}

inline void drop(void *handler) noexcept { delete static_cast<Handler *>(handler); }

/// Hands a handler over to the library, which drops it even when it refuses the feature.
template <typename Feature>
void give(Feature &feature, Execution execution, const Handler &handler) {
  feature.execution = static_cast<mcpring_execution>(execution);
  if (!handler) return;
  feature.user_data = new Handler(handler);
  feature.call = run;
  feature.destroy = drop;
}

inline std::uint64_t milliseconds(std::chrono::milliseconds time) {
  return time.count() > 0 ? static_cast<std::uint64_t>(time.count()) : 0;
}

}  // namespace detail

// ---- Features: the texts have to live until the feature has been added, which a temporary
// std::string does not

/// See mcpring_tool.
struct Tool {
  std::string_view name{}, title{}, description{}, input_schema{}, output_schema{};
  std::string_view annotations{}, icons{}, meta{}, scopes{};
  std::chrono::milliseconds timeout{0};
  Execution execution = Execution::pool;
  TaskSupport task_support = TaskSupport::forbidden;
  bool task_by_handler = false;
  Handler call{};
};

/// See mcpring_resource. Without a handler it has the fixed `text` or `blob`.
struct Resource {
  std::string_view uri{}, name{}, title{}, description{}, mime_type{};
  std::string_view annotations{}, icons{}, meta{}, scopes{}, text{}, blob{};
  std::uint64_t size = 0;
  std::chrono::milliseconds cache_ttl{0}, timeout{0};
  bool cache_public = false;
  Execution execution = Execution::pool;
  Handler call{};
};

/// Completes one argument or variable: by fixed values, or by a handler.
struct Completer {
  std::string_view name{};
  std::vector<std::string_view> values{};
  Execution execution = Execution::pool;
  Handler call{};
};

/// See mcpring_template.
struct Template {
  std::string_view uri_template{}, name{}, title{}, description{}, mime_type{};
  std::string_view annotations{}, icons{}, meta{}, scopes{};
  std::chrono::milliseconds cache_ttl{0}, timeout{0};
  bool cache_public = false;
  Execution execution = Execution::pool;
  Handler call{};
  std::vector<Completer> completers{};
};

/// One argument of a prompt.
struct Argument {
  std::string_view name{}, title{}, description{};
  bool required = false;
};

/// See mcpring_prompt.
struct Prompt {
  std::string_view name{}, title{}, description{}, icons{}, meta{}, scopes{};
  std::vector<Argument> arguments{};
  std::chrono::milliseconds timeout{0};
  Execution execution = Execution::pool;
  Handler call{};
  std::vector<Completer> completers{};
};

namespace detail {

/// Completers as the library takes them. Room for all is made first: once a handler has been
/// made, nothing may throw before the library has it.
struct Completers {
  std::vector<std::vector<mcpring_str>> values{};
  std::vector<mcpring_completer> all{};

  explicit Completers(const std::vector<Completer> &completers) {
    for (const Completer &one : completers) {
      std::vector<mcpring_str> texts;
      for (std::string_view text : one.values) texts.push_back(str(text));
      mcpring_completer completer = MCPRING_COMPLETER_INIT;
      completer.name = str(one.name);
      completer.value_count = texts.size();
      values.push_back(std::move(texts));
      completer.values = values.back().empty() ? nullptr : values.back().data();
      all.push_back(completer);
    }
  }

  /// Makes the handlers: all of them, or none.
  void give_all(const std::vector<Completer> &completers) {
    std::size_t given = 0;
    try {
      for (; given < completers.size(); given++)
        give(all[given], completers[given].execution, completers[given].call);
    } catch (...) {
      while (given > 0) drop(all[--given].user_data);
      throw;
    }
  }
};

/// Makes the handlers of a feature with completers: all of them, or none.
template <typename Feature, typename Described>
void give_with(Feature &feature, const Described &described, Completers &completers) {
  give(feature, described.execution, described.call);
  try {
    completers.give_all(described.completers);
  } catch (...) {
    drop(feature.user_data);
    throw;
  }
  feature.completers = completers.all.data();
  feature.completer_count = completers.all.size();
}

}  // namespace detail

// ---- Server

/// A server that somebody else owns.
class ServerView {
 public:
  explicit ServerView(mcpring_server *server) noexcept : server_(server) {}

  /// For functions that have no twin here.
  mcpring_server *get() const noexcept { return server_; }

  /// Settings, as a JSON object; before it starts only.
  void configure(std::string_view json) { check(mcpring_server_configure(server_, str(json))); }
  /// Such as "http://127.0.0.1:8080" or "stdio:".
  void listen(std::string_view url) { check(mcpring_server_listen(server_, str(url))); }

  void add(const Tool &tool) {
    mcpring_tool t = MCPRING_TOOL_INIT;
    t.name = str(tool.name);
    t.title = str(tool.title);
    t.description = str(tool.description);
    t.input_schema = str(tool.input_schema);
    t.output_schema = str(tool.output_schema);
    t.annotations = str(tool.annotations);
    t.icons = str(tool.icons);
    t.meta = str(tool.meta);
    t.scopes = str(tool.scopes);
    t.timeout_ms = detail::milliseconds(tool.timeout);
    t.task_support = static_cast<std::uint32_t>(tool.task_support);
    t.task_by_handler = tool.task_by_handler;
    detail::give(t, tool.execution, tool.call);
    check(mcpring_server_add_tool(server_, &t));
  }

  void add(const Resource &resource) {
    mcpring_resource r = MCPRING_RESOURCE_INIT;
    describe(r, resource);
    r.uri = str(resource.uri);
    r.text = str(resource.text);
    r.blob = str(resource.blob);
    r.size = resource.size;
    detail::give(r, resource.execution, resource.call);
    check(mcpring_server_add_resource(server_, &r));
  }

  void add(const Template &described) {
    detail::Completers completers(described.completers);
    mcpring_template t = MCPRING_TEMPLATE_INIT;
    describe(t, described);
    t.uri_template = str(described.uri_template);
    detail::give_with(t, described, completers);
    check(mcpring_server_add_template(server_, &t));
  }

  void add(const Prompt &prompt) {
    detail::Completers completers(prompt.completers);
    std::vector<mcpring_argument> arguments;
    for (const Argument &argument : prompt.arguments)
      arguments.push_back({str(argument.name), str(argument.title), str(argument.description),
                           argument.required});
    mcpring_prompt p = MCPRING_PROMPT_INIT;
    p.name = str(prompt.name);
    p.title = str(prompt.title);
    p.description = str(prompt.description);
    p.icons = str(prompt.icons);
    p.meta = str(prompt.meta);
    p.scopes = str(prompt.scopes);
    p.arguments = arguments.data();
    p.argument_count = arguments.size();
    p.timeout_ms = detail::milliseconds(prompt.timeout);
    detail::give_with(p, prompt, completers);
    check(mcpring_server_add_prompt(server_, &p));
  }

  /// `feature` is MCPRING_TOOL and so on; false when there is none of that name.
  bool remove(mcpring_feature feature, std::string_view name) {
    const mcpring_status status = mcpring_server_remove(server_, feature, str(name));
    return detail::found(status, true).has_value();
  }

  void start() { check(mcpring_server_start(server_)); }
  /// Starts, and waits for the end.
  void run() { check(mcpring_server_run(server_)); }
  /// Calls that run are waited for, unless it has to be `now`; returns at once.
  void stop(bool now = false) { check(mcpring_server_stop(server_, now)); }
  /// Waits for the end.
  void join() { check(mcpring_server_join(server_)); }

  /// Where it listens.
  std::vector<std::string> addresses() const {
    std::vector<std::string> urls;
    mcpring_str url{};
    while (mcpring_server_address(server_, urls.size(), &url) == MCPRING_OK)
      urls.emplace_back(view(url));
    return urls;
  }

  /// Readable when there is work for poll; owned by the server.
  int fd() const {
    int fd = -1;
    check(mcpring_server_fd(server_, &fd));
    return fd;
  }
  /// Runs the waiting handlers of Execution::host; false when the server has ended.
  bool poll(std::int32_t timeout_ms = 0, std::size_t *ran = nullptr) {
    return check(mcpring_server_poll(server_, timeout_ms, ran)) != MCPRING_END;
  }

  void resource_updated(std::string_view uri) {
    check(mcpring_server_resource_updated(server_, str(uri)));
  }
  void elicitation_done(std::string_view id) {
    check(mcpring_server_elicitation_done(server_, str(id)));
  }
  /// A snapshot of the metrics, as JSON.
  Text metrics() const {
    mcpring_text *json = nullptr;
    check(mcpring_server_metrics(server_, &json));
    return Text(json);
  }
  /// Calls a tool in the process, without a client; the result as JSON.
  Text invoke(std::string_view tool, std::string_view arguments) {
    mcpring_text *result = nullptr;
    check(mcpring_server_invoke(server_, str(tool), str(arguments), &result));
    return Text(result);
  }

  void load_plugin(std::string_view path) {
    check(mcpring_server_load_plugin(server_, str(path)));
  }
  void close_plugin(std::string_view path) {
    check(mcpring_server_close_plugin(server_, str(path)));
  }
  /// The plugins that are loaded and their features, as JSON.
  Text plugins() const {
    mcpring_text *json = nullptr;
    check(mcpring_server_plugins(server_, &json));
    return Text(json);
  }

 protected:
  mcpring_server *server_;

 private:
  /// What resources and templates have in common.
  template <typename Feature, typename Described>
  static void describe(Feature &feature, const Described &described) {
    feature.name = str(described.name);
    feature.title = str(described.title);
    feature.description = str(described.description);
    feature.mime_type = str(described.mime_type);
    feature.annotations = str(described.annotations);
    feature.icons = str(described.icons);
    feature.meta = str(described.meta);
    feature.scopes = str(described.scopes);
    feature.cache_ttl_ms = detail::milliseconds(described.cache_ttl);
    feature.cache_public = described.cache_public;
    feature.timeout_ms = detail::milliseconds(described.timeout);
  }
};

inline ServerView CallBase::server() const {
  mcpring_server *server = nullptr;
  check(mcpring_call_server(call_, &server));
  return ServerView(server);
}

/// A server. Its end stops it at once and waits for it, but not for handlers that still run on
/// worker threads. Where those refer to what goes away with the server, stop() and join() come
/// before: then calls are waited for, as long as the setting drain_ms. Not to be destroyed inside a
/// handler.
class Server : public ServerView {
 public:
  Server(std::string_view name, std::string_view version) : ServerView(nullptr) {
    check(mcpring_server_new(str(name), str(version), &server_));
  }

  Server(const Server &) = delete;
  Server &operator=(const Server &) = delete;
  Server(Server &&other) noexcept : ServerView(std::exchange(other.server_, nullptr)) {}
  Server &operator=(Server &&other) noexcept {
    Server taken(std::move(other));
    std::swap(server_, taken.server_);
    return *this;
  }
  ~Server() { mcpring_server_free(server_); }
};

// ---- Log

/// Takes the library's log lines: level, reason, line. Must not call the library.
using Log = std::function<void(mcpring_level, std::string_view, std::string_view)>;

/// Sets where the library of this process logs to; an empty function is standard error.
inline void set_log(const Log &log) {
  if (!log) {
    check(mcpring_set_log(nullptr, nullptr, nullptr));
    return;
  }
  const auto say = [](void *data, mcpring_level level, mcpring_str reason, mcpring_str line) {
    try {
      (*static_cast<Log *>(data))(level, view(reason), view(line));
    } catch (...) {  // a log line is not worth a failure
    }
  };
  auto owned = std::make_unique<Log>(log);
  const auto drop = [](void *data) { delete static_cast<Log *>(data); };
  const mcpring_status status = mcpring_set_log(say, owned.get(), drop);
  // In this state it takes nothing.
  if (status != MCPRING_ERR_STATE) static_cast<void>(owned.release());
  check(status);
}

}  // namespace mcpring

#endif
