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
