/* What the example servers share: one command line, and a line for each place they listen at.
 *
 *   --http ADDR --tcp ADDR --tcp-line ADDR --stdio --driver NAME --shards N
 *
 * Without any of the first four a server listens on http://127.0.0.1:8080. Port 0 takes a free one.
 */
#ifndef EXAMPLE_OPTIONS_H
#define EXAMPLE_OPTIONS_H

#include <mcpring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest URL and longest settings that are made here. */
#define OPTIONS_TEXT_MAX 512

/* Prints what went wrong and why; true when something did. */
static inline bool options_failed(mcpring_status status, const char *doing) {
  if (status >= 0) return false;
  mcpring_str words = mcpring_last_error();
  fprintf(stderr, "%s: %s: %.*s\n", doing, mcpring_status_name(status), (int)words.len, words.data);
  return true;
}

static inline mcpring_status options_listen(mcpring_server *server, const char *scheme,
                                            const char *address) {
  char url[OPTIONS_TEXT_MAX];
  snprintf(url, sizeof(url), "%s%s", scheme, address);
  return mcpring_server_listen(server, mcpring_str_of(url));
}

static inline mcpring_status options_configure(mcpring_server *server, const char *driver,
                                               unsigned long shards) {
  char name[OPTIONS_TEXT_MAX / 2], json[OPTIONS_TEXT_MAX];
  size_t written = 0;
  mcpring_status status =
      mcpring_json_quote(mcpring_str_of(driver), name, sizeof(name), &written);
  if (status) return status;
  snprintf(json, sizeof(json), "{\"driver\":%.*s,\"shards\":%lu,\"signals\":true}", (int)written,
           name, shards);
  return mcpring_server_configure(server, mcpring_str_of(json));
}

/* Configures the server as the command line says; false, with a word about it, if that fails. */
static inline bool options_apply(mcpring_server *server, int argc, char **argv) {
  static const char *const schemes[][2] = {
      {"--http", "http://"}, {"--tcp", "tcp://"}, {"--tcp-line", "tcp+line://"}};
  const size_t scheme_count = sizeof(schemes) / sizeof(schemes[0]);
  const char *driver = "auto";
  unsigned long shards = 0;
  size_t listeners = 0;
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : NULL;
    size_t scheme = 0;
    while (scheme < scheme_count && strcmp(argv[i], schemes[scheme][0]) != 0) scheme++;
    if (strcmp(argv[i], "--stdio") == 0) {
      if (options_failed(options_listen(server, "stdio:", ""), argv[i])) return false;
      listeners++;
      continue;
    }
    if (value == NULL) {
      fprintf(stderr, "%s needs a value, or is unknown\n", argv[i]);
      return false;
    }
    if (scheme < scheme_count) {
      if (options_failed(options_listen(server, schemes[scheme][1], value), argv[i])) return false;
      listeners++;
    } else if (strcmp(argv[i], "--driver") == 0) {
      driver = value;
    } else if (strcmp(argv[i], "--shards") == 0) {
      shards = strtoul(value, NULL, 10);
    } else {
      fprintf(stderr, "unknown option %s\n", argv[i]);
      return false;
    }
    i++;
  }
  if (options_failed(options_configure(server, driver, shards), "settings")) return false;
  return listeners != 0 ||
         !options_failed(options_listen(server, "http://", "127.0.0.1:8080"), "listening");
}

/* Says where a started server listens, one line each, for whoever started it. */
static inline void options_announce(mcpring_server *server) {
  mcpring_str url;
  for (size_t index = 0; mcpring_server_address(server, index, &url) == MCPRING_OK; index++) {
    char kind[16];
    size_t len = 0;
    for (; len < url.len && len < sizeof(kind) - 1 && url.data[len] != ':'; len++) {
      kind[len] = url.data[len] == '+' ? '-' : url.data[len];
    }
    kind[len] = '\0';
    fprintf(stderr, "listening %s %.*s\n", kind, (int)url.len, url.data);
  }
}

/* Serves until a signal, or the end of standard input, ends the server; frees it. For main. */
static inline int options_serve(mcpring_server *server, int argc, char **argv) {
  bool is_served = options_apply(server, argc, argv) &&
                   !options_failed(mcpring_server_start(server), "starting");
  if (is_served) {
    options_announce(server);
    is_served = !options_failed(mcpring_server_join(server), "serving");
  }
  mcpring_server_free(server);
  return is_served ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
