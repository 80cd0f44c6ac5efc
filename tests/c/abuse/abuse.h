/* What the parts of the abuse driver share: one check, the list of what was covered, and the counts. */
#ifndef MCPRING_ABUSE_H
#define MCPRING_ABUSE_H

#include <mcpring.h>

/* Calls `function` with `arguments` and holds its status to `expected`; notes that it was called. */
#define CHECK(expected, function, arguments) \
  check_status(__FILE__, __LINE__, #function, (expected), function arguments)

/* Holds a condition about what `function` gave. */
#define HOLDS(function, condition) check_holds(__FILE__, __LINE__, #function, #condition, (condition))

/* Whether `status` was expected; a failure prints the place, both names and the words. */
bool check_status(const char *file, int line, const char *function, mcpring_status expected, mcpring_status got);
bool check_holds(const char *file, int line, const char *function, const char *words, bool holds);

/* One function that takes a handle first, with everything else in order. */
typedef mcpring_status (*handle_fn)(void *handle);
typedef struct subject {
  const char *name;
  handle_fn call;
} subject;
#define SUBJECT(function) {#function, use_##function}
#define USE(function, expression) \
  static mcpring_status use_##function(void *h) { return expression; }

/* Every one of `subjects` refuses `handle`. */
void check_subjects(const char *what, const subject *subjects, size_t count, void *handle, mcpring_status expected);
/* As above, from another thread. */
void check_subjects_elsewhere(const char *what, const subject *subjects, size_t count, void *handle, mcpring_status expected);

/* Runs `body` on a thread of its own and waits for it. */
void elsewhere(void (*body)(void *), void *argument);

/* The parts. */
extern const subject server_subjects[];
extern const size_t server_subject_count;
extern const subject call_subjects[];
extern const size_t call_subject_count;
void abuse_general(void);
void abuse_handles(void);
void abuse_servers(const char *driver);
void abuse_calls(const char *driver);
void abuse_blocks(void);

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
