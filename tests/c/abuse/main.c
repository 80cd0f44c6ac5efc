/* The abuse driver: calls every exported function with what no program should give it, and holds each
 * answer to the status that the header promises. Run it under AddressSanitizer and under valgrind.
 *
 *   abuse [DRIVER]     DRIVER is auto, uring or epoll
 *
 * It prints one line for each function it covered ("covered NAME"), the failures, and the counts; the
 * caller compares the covered names with the symbols of the library. */
#include "abuse.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 512 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *covered[NAMES_MAX];
static size_t covered_count;
static unsigned long passed;
static unsigned long failed;

static void cover(const char *function) {
  size_t at;
  for (at = 0; at < covered_count; at++) {
    if (strcmp(covered[at], function) == 0) {
      return;
    }
  }
  if (covered_count < NAMES_MAX) {
    covered[covered_count++] = function;
  }
}

static bool count(bool holds) {
  if (holds) {
    passed++;
  } else {
    failed++;
  }
  return holds;
}

bool check_status(const char *file, int line, const char *function, mcpring_status expected, mcpring_status got) {
  bool holds = expected == got;
  pthread_mutex_lock(&lock);
  cover(function);
  if (!count(holds)) {
    mcpring_str words = mcpring_last_error();
    printf("FAILED %s:%d: %s gave %s, not %s: %.*s\n", file, line, function, mcpring_status_name(got),
       mcpring_status_name(expected), (int)words.len, words.data == NULL ? "" : words.data);
  }
  pthread_mutex_unlock(&lock);
  return holds;
}

bool check_holds(const char *file, int line, const char *function, const char *words, bool holds) {
  pthread_mutex_lock(&lock);
  cover(function);
  if (!count(holds)) {
    printf("FAILED %s:%d: after %s: not (%s)\n", file, line, function, words);
  }
  pthread_mutex_unlock(&lock);
  return holds;
}

void check_subjects(const char *what, const subject *subjects, size_t count_, void *handle, mcpring_status expected) {
  size_t at;
  for (at = 0; at < count_; at++) {
    check_status(what, (int)at, subjects[at].name, expected, subjects[at].call(handle));
  }
}

typedef struct errand {
  const char *what;
  const subject *subjects;
  size_t count;
  void *handle;
  mcpring_status expected;
} errand;

static void run_errand(void *argument) {
  const errand *all = (const errand *)argument;
  check_subjects(all->what, all->subjects, all->count, all->handle, all->expected);
}

void check_subjects_elsewhere(const char *what, const subject *subjects, size_t count_, void *handle, mcpring_status expected) {
  errand all;
  all.what = what;
  all.subjects = subjects;
  all.count = count_;
  all.handle = handle;
  all.expected = expected;
  elsewhere(run_errand, &all);
}

typedef struct body {
  void (*run)(void *);
  void *argument;
} body;

static void *thread_main(void *argument) {
  body *all = (body *)argument;
  all->run(all->argument);
  return NULL;
}

void elsewhere(void (*run)(void *), void *argument) {
  pthread_t thread;
  body all;
  all.run = run;
  all.argument = argument;
  if (pthread_create(&thread, NULL, thread_main, &all) != 0) {
    fputs("no thread could be started\n", stderr);
    exit(2);
  }
  pthread_join(thread, NULL);
}

int main(int argc, char **argv) {
  const char *driver = argc > 1 ? argv[1] : "auto";
  size_t at;
  abuse_general();
  abuse_handles();
  abuse_blocks();
  abuse_servers(driver);
  abuse_calls(driver);
  for (at = 0; at < covered_count; at++) {
    printf("covered %s\n", covered[at]);
  }
  printf("%lu passed, %lu failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
