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
