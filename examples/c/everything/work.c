/* Tools that take their time: a thread for each call, which keeps the call and answers it. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "everything.h"

/* Most threads at once. */
#define THREADS_MAX 256
/* How often a thread that waits looks whether anybody still waits for its call. */
#define NAP_MS 10

static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int count;
} threads = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

struct job {
  mcpring_call *call;
  work_fn work;
};

/* Counts a thread in or out; false when there is no room for one more. */
static bool threads_change(int by) {
  pthread_mutex_lock(&threads.lock);
  bool has_room = by < 0 || threads.count < THREADS_MAX;
  if (has_room) threads.count += by;
  pthread_cond_signal(&threads.changed);
  pthread_mutex_unlock(&threads.lock);
  return has_room;
}

void work_wait(void) {
  pthread_mutex_lock(&threads.lock);
  while (threads.count > 0) pthread_cond_wait(&threads.changed, &threads.lock);
  pthread_mutex_unlock(&threads.lock);
}

static void *run(void *data) {
  struct job job = *(struct job *)data;
  free(data);
  job.work(job.call);
  threads_change(-1);
  return NULL;
}

mcpring_status work_begin(mcpring_call *call, void *row) {
  pthread_t thread;
  if (!threads_change(1)) return mcpring_call_fail(call, MCPRING_STR("too much work at once"));
  struct job *job = (struct job *)malloc(sizeof(*job));
  mcpring_status status = job == NULL ? MCPRING_ERR_CALLBACK : mcpring_call_keep(call);
  if (status) {
    free(job);
    threads_change(-1);
    return status;
  }
  job->call = call;
  job->work = ((const struct tool_row *)row)->work;
  if (pthread_create(&thread, NULL, run, job) != 0) {
    free(job);
    threads_change(-1);
    return mcpring_call_fail(call, MCPRING_STR("no thread to be had"));
  }
  pthread_detach(thread);
  return MCPRING_OK;
}

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool work_sleep(mcpring_call *call, uint64_t ms) {
  uint64_t end = now_ms() + ms;
  for (uint64_t now = now_ms(); now < end; now = now_ms()) {
    bool is_cancelled = true; /* also when the server is gone */
    struct timespec nap = {0, 0};
    nap.tv_nsec = (long)(end - now < NAP_MS ? end - now : NAP_MS) * 1000000L;
    mcpring_call_cancelled(call, &is_cancelled);
    if (is_cancelled) {
      mcpring_call_fail(call, MCPRING_STR("cancelled"));
      return false;
    }
    nanosleep(&nap, NULL);
  }
  return true;
}
