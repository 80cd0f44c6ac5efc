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
