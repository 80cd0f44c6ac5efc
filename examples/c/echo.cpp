/* echo.c in C++17, by mcpring.hpp; beside it a tool that answers from a thread of its own. */
#include <mcpring.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "options.h"

namespace {

constexpr std::size_t threads_max = 8;

mcpring::Tool echo() {
  mcpring::Tool tool;
  tool.name = "echo";
  tool.description = "Says what it was told.";
  tool.input_schema = R"({"type":"object","required":["message"],
                          "properties":{"message":{"type":"string"}}})";
  tool.execution = mcpring::Execution::inlined;
  // Without an argument value() throws, and the call fails.
  tool.call = [](mcpring::Call &call) { call.reply_text(call.argument("message").value()); };
  return tool;
}

// The call is this thread's to answer; an exception fails it.
void sum_up(mcpring::KeptCall &call) {
  mcpring::Json json;
  double sum = 0;
  for (mcpring::Item item : json.parse(call.arguments())["terms"].items()) sum += item.value.f64();
  call.reply_json("{\"sum\":" + std::to_string(sum) + "}");
}

mcpring::Tool add(std::vector<std::thread> &threads) {
  mcpring::Tool tool;
  tool.name = "add";
  tool.description = "Adds numbers up, somewhere else.";
  tool.input_schema = R"({"type":"object","required":["terms"],"properties":{
                          "terms":{"type":"array","maxItems":100,"items":{"type":"number"}}}})";
  tool.execution = mcpring::Execution::host;  // main owns the threads
  tool.call = [&threads](mcpring::Call &call) {
    if (threads.size() == threads_max) {
      threads.front().join();
      threads.erase(threads.begin());
    }
    threads.emplace_back([kept = call.keep()]() mutable { kept.attempt(sum_up); });
  };
  return tool;
}

}  // namespace

int main(int argc, char **argv) {
  std::vector<std::thread> threads;
  int code = EXIT_FAILURE;
  try {
    mcpring::Server server("echo", "1.0");
    server.add(echo());
    server.add(add(threads));
    if (options_apply(server.get(), argc, argv)) {
      server.start();
      options_announce(server.get());
      while (server.poll(-1)) {
      }
      server.join();
      code = EXIT_SUCCESS;
    }
  } catch (const std::exception &fault) {
    std::fprintf(stderr, "%s\n", fault.what());
  }
  for (std::thread &thread : threads) thread.join();
  return code;
}
