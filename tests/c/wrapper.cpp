/* mcpring.hpp held to what it says: exceptions, ownership, calls that are kept. Each check prints a
 * line as the scripts in tests/interop do; the exit code is 1 when one failed.
 */
#include <mcpring.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

bool has_failed = false;

void check(const char *name, bool is_good, const std::string &found = {}) {
  has_failed |= !is_good;
  std::printf("%-4s wrapper: %s%s%s\n", is_good ? "ok" : "FAIL", name, is_good ? "" : ": found ",
              is_good ? "" : found.c_str());
}

// The status that `action` throws; MCPRING_OK when it throws nothing.
template <typename Action>
mcpring_status thrown(Action action) {
  try {
    action();
    return MCPRING_OK;
  } catch (const mcpring::Error &fault) {
    return fault.status();
  }
}

template <typename Action>
void check_status(const char *name, mcpring_status wanted, Action action) {
  const mcpring_status found = thrown(action);
  check(name, found == wanted, mcpring_status_name(found));
}

mcpring::Tool tool(std::string_view name, mcpring::Handler call) {
  mcpring::Tool tool;
  tool.name = name;
  tool.call = std::move(call);
  return tool;
}

// What a tool answers: its text, and whether it failed.
void check_answer(mcpring::Server &server, const char *name, bool is_error,
                  std::string_view words, std::string_view arguments = "{}") {
  try {
    const mcpring::Text result = server.invoke(name, arguments);
    mcpring::Json json;
    const mcpring::Value root = json.parse(result.view());
    const auto flag = root.find("isError");
    std::string text;
    for (mcpring::Item item : root["content"].items()) text += item.value["text"].text();
    const bool is_as_wanted = (flag && flag->boolean()) == is_error;
    check(name, is_as_wanted && text.find(words) != std::string::npos,
          std::string(result.view()));
  } catch (const std::exception &fault) {
    check(name, false, fault.what());
  }
}

void add_tools(mcpring::Server &server, const std::shared_ptr<int> &token) {
  server.add(tool("echo", [token](mcpring::Call &call) {
    call.reply_text(call.argument("message").value());
  }));
  server.add(tool("exception", [](mcpring::Call &) { throw std::runtime_error("no luck"); }));
  server.add(tool("oddity", [](mcpring::Call &) { throw 1; }));
  server.add(tool("answers_then_throws", [](mcpring::Call &call) {
    call.reply_text("answered");
    throw std::runtime_error("too late");
  }));
  server.add(tool("answers_twice", [](mcpring::Call &call) {
    call.reply_text("once");
    check_status("a second answer is refused", MCPRING_ERR_DONE,
                 [&] { call.reply_text("twice"); });
  }));
  server.add(tool("silent", [](mcpring::Call &) {}));
  server.add(tool("dropped", [](mcpring::Call &call) { call.keep(); }));
  server.add(tool("keeps_then_throws", [](mcpring::Call &call) {
    std::thread([kept = call.keep()]() mutable { kept.reply_text("by another thread"); }).detach();
    throw std::runtime_error("not the thread's fault");
  }));
  server.add(tool("attempt", [](mcpring::Call &call) {
    std::thread([kept = call.keep()]() mutable {
      kept.attempt([](mcpring::KeptCall &) { throw std::runtime_error("thrown in a thread"); });
    }).detach();
  }));
  server.add(tool("unsayable", [](mcpring::Call &) { throw std::runtime_error("\xff"); }));
  server.add(tool("unsayable_attempt", [](mcpring::Call &call) {
    std::thread([kept = call.keep()]() mutable {
      kept.attempt([](mcpring::KeptCall &) { throw std::runtime_error("\xff"); });
    }).detach();
  }));
  server.add(tool("moved", [](mcpring::Call &call) {
    mcpring::KeptCall first = call.keep();
    mcpring::KeptCall second = std::move(first);
    first = std::move(second);
    first.reply_text("moved about");
  }));
}

void check_calls(mcpring::Server &server) {
  check_answer(server, "echo", false, "a \"b\" \xc3\xa9", R"({"message":"a \"b\" \u00e9"})");
  check_answer(server, "echo", true, "", "{}");
  check_answer(server, "exception", true, "no luck");
  check_answer(server, "oddity", true, "the handler failed");
  check_answer(server, "answers_then_throws", false, "answered");
  check_answer(server, "answers_twice", false, "once");
  check_answer(server, "silent", true, "");
  check_answer(server, "dropped", true, "dropped without an answer");
  check_answer(server, "keeps_then_throws", false, "by another thread");
  check_answer(server, "attempt", true, "thrown in a thread");
  check_answer(server, "unsayable", true, "words that cannot be sent");
  check_answer(server, "unsayable_attempt", true, "words that cannot be sent");
  check_answer(server, "moved", false, "moved about");
  check_status("a tool that is missing", MCPRING_ERR_NOT_FOUND, [&] { server.invoke("no", "{}"); });
}

void check_server() {
  const auto token = std::make_shared<int>(1);
  {
    mcpring::Server server("wrapper", "1");
    add_tools(server, token);
    check("a handler owns what it captures", token.use_count() == 2);
    // Told at once, or when it starts.
    mcpring::Prompt prompt;
    prompt.name = "prompt";
    prompt.call = [token](mcpring::Call &call) { call.reply_text("x"); };
    prompt.completers.resize(2);
    prompt.completers[0].name = "nobody";
    prompt.completers[0].values = {"a", "b"};
    prompt.completers[1].name = "nowhere";
    prompt.completers[1].call = prompt.call;
    check_status("a completer of an argument that is missing", MCPRING_ERR_USAGE,
                 [&] { server.add(prompt); });
    prompt = {};
    check("what was refused is dropped", token.use_count() == 2, std::to_string(token.use_count()));
    server.configure(R"({"shards":1,"driver":"epoll"})");
    check_status("a setting that is unknown", MCPRING_ERR_USAGE,
                 [&] { server.configure(R"({"speed":1})"); });
    server.listen("http://127.0.0.1:0");
    server.start();
    check("one address", server.addresses().size() == 1);
    check_calls(server);
    check("a tool goes", server.remove(MCPRING_TOOL, "echo"));
    check("and is gone", !server.remove(MCPRING_TOOL, "echo"));
    mcpring::Server moved = std::move(server);
    check_status("a server that was moved away", MCPRING_ERR_HANDLE, [&] { server.stop(); });
    server = mcpring::Server("other", "1");
    server.add(tool("holder", [token](mcpring::Call &) {}));
    const auto before = token.use_count();
    server = std::move(moved);
    check("a server that is replaced is freed", token.use_count() == before - 1);
    moved = std::move(server);
    check("metrics", moved.metrics().view().substr(0, 1) == "{");
  }
  check("nothing is owned in the end", token.use_count() == 1, std::to_string(token.use_count()));
}

// Sets the log when it goes; a handler takes it along, where the library refuses that.
struct SetsLog {
  std::shared_ptr<int> token{};
  mcpring_status *status = nullptr;
  ~SetsLog() {
    const auto log = [token = token](mcpring_level, std::string_view, std::string_view) {};
    *status = thrown([&] { mcpring::set_log(log); });
  }
};

void check_log() {
  const auto token = std::make_shared<int>(1);
  mcpring_status status = MCPRING_OK;
  {
    mcpring::Server server("wrapper", "1");
    auto captured = std::make_shared<SetsLog>();
    captured->token = token;
    captured->status = &status;
    server.add(tool("holder", [captured](mcpring::Call &) {}));
  }
  check("a log that is refused", status == MCPRING_ERR_STATE, mcpring_status_name(status));
  check("is dropped", token.use_count() == 1, std::to_string(token.use_count()));
}

void check_guarded() {
  const auto error = [] { throw mcpring::Error(MCPRING_ERR_LIMIT, "full"); };
  check("an error as a status", mcpring::guarded(error) == MCPRING_ERR_LIMIT);
  check("another exception", mcpring::guarded([] { throw 1; }) == MCPRING_ERR_CALLBACK);
  check("none", mcpring::guarded([] {}) == MCPRING_OK);
}

void check_blocks() {
  mcpring::Json json;
  const mcpring::Value root = json.parse(R"({"a":[1,-2,0.5,true,"\u00e9\n"],"b":{}})");
  check("kinds", root.kind() == MCPRING_KIND_OBJECT && root["b"].size() == 0);
  std::string seen;
  for (mcpring::Item item : root.items()) seen += item.name->text();
  for (mcpring::Item item : root["a"].items()) seen += item.value.raw();
  check("items", seen == R"(ab1-20.5true"\u00e9\n")", seen);
  std::string last;
  for (mcpring::Item item : root["a"].items())
    if (item.value.kind() == MCPRING_KIND_STRING) last = item.value.text();
  check("a text with escapes", last == "\xc3\xa9\n", last);
  check("a member that is missing", !root.find("c"));
  check_status("and asked for", MCPRING_ERR_NOT_FOUND, [&] { root["c"]; });
  check_status("not JSON", MCPRING_ERR_MALFORMED, [&] { json.parse("{"); });
  const mcpring::Schema schema(R"({"type":"object","required":["n"]})");
  check("kept", schema.accepts(json.parse(R"({"n":1})")));
  check("broken", !schema.accepts(json.parse("{}")));
  check_status("and said", MCPRING_ERR_INVALID, [&] { schema.check(json.root()); });
  check("quoted", mcpring::quote("a\"\n\xc3\xa9") == "\"a\\\"\\n\xc3\xa9\"",
        mcpring::quote("a\"\n\xc3\xa9"));
  check("quoted, larger than expected", mcpring::quote(std::string(1000, '\x01')).size() == 6002);
  const std::string bytes = mcpring::encode_frame(MCPRING_FRAMING_LENGTH, "one") +
                            mcpring::encode_frame(MCPRING_FRAMING_LENGTH, "two");
  mcpring::Frames frames(MCPRING_FRAMING_LENGTH, 100);
  std::size_t at = 0;
  std::string payloads;
  while (const auto frame = frames.next(bytes, bytes.size(), at))
    payloads += mcpring::view(frame->payload);
  check("frames", payloads == "onetwo" && !frames.finish(), payloads);
  const auto message = mcpring::read_message(
      json.parse(R"({"jsonrpc":"2.0","id":"x","method":"ping"})"));
  const std::string_view method = mcpring::view(message.method), id = mcpring::view(message.id);
  check("a message", method == "ping" && id == "\"x\"");
  try {
    mcpring::read_message(json.parse(R"({"jsonrpc":"2.0","id":7,"method":7})"));
    check("a message that is none", false, "nothing thrown");
  } catch (const mcpring::MessageError &fault) {
    check("a message that is none", fault.id() == "7" && fault.is_answerable() &&
                                        fault.code() == -32600, fault.what());
  }
}

}  // namespace

int main() {
  try {
    check_blocks();
    check_server();
    check_log();
    check_guarded();
  } catch (const std::exception &fault) {
    check("no exception", false, fault.what());
  }
  return has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
