/* A plugin by mcpring.hpp: it compiles where every function of the library is a pointer. */
#include <mcpring_plugin.h>

#include <mcpring.hpp>

static mcpring_status add_features(mcpring_server *server) {
  return mcpring::guarded([server] {
    mcpring::Tool tool;
    tool.name = "first";
    tool.call = [](mcpring::Call &call) {
      mcpring::Json json;
      call.reply_text(json.parse(call.arguments())["text"].text());
    };
    mcpring::ServerView(server).add(tool);
  });
}

MCPRING_PLUGIN(add_features)
