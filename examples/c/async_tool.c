/* A tool that takes its time: it keeps the call and answers from a thread of its own.
 *
 * The thread reports progress, looks whether anybody still waits for the answer, and stops early
 * when the call would not be done in time.
 */
#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <pthread.h>
#include <time.h>

/* Most threads at work at once. */
#define JOBS_MAX 64

/* How many threads are at work; the program ends after the last of them. */
static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int count;
} jobs = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static bool job_begin(void) {
  pthread_mutex_lock(&jobs.lock);
  bool has_room = jobs.count < JOBS_MAX;
  if (has_room) jobs.count++;
  pthread_mutex_unlock(&jobs.lock);
  return has_room;
}

static void job_end(void) {
  pthread_mutex_lock(&jobs.lock);
  jobs.count--;
  pthread_cond_signal(&jobs.changed);
  pthread_mutex_unlock(&jobs.lock);
}

static void jobs_wait(void) {
  pthread_mutex_lock(&jobs.lock);
  while (jobs.count > 0) pthread_cond_wait(&jobs.changed, &jobs.lock);
  pthread_mutex_unlock(&jobs.lock);
}

static void pause_ms(int64_t ms) {
  struct timespec time;
  time.tv_sec = (time_t)(ms / 1000);
  time.tv_nsec = (long)(ms % 1000) * 1000000L;
  nanosleep(&time, NULL);
}

/* Counts to `steps`, one every `ms` milliseconds. The call is this thread's to answer. */
static void count(mcpring_call *call) {
  int64_t steps = 0, ms = 0;
  uint64_t left = 0;
  char words[64];
  mcpring_call_argument_i64(call, MCPRING_STR("steps"), &steps);
  mcpring_call_argument_i64(call, MCPRING_STR("ms"), &ms);
  if (mcpring_call_time_left(call, &left) == MCPRING_OK && left < (uint64_t)(steps * ms)) {
    mcpring_call_fail(call, MCPRING_STR("there is not enough time to count that far"));
    return;
  }
  for (int64_t step = 1; step <= steps; step++) {
    bool is_cancelled = true; /* also when the server has ended meanwhile */
    pause_ms(ms);
    mcpring_call_cancelled(call, &is_cancelled);
    if (is_cancelled) {
      fprintf(stderr, "cancelled at %lld of %lld\n", (long long)step, (long long)steps);
      mcpring_call_fail(call, MCPRING_STR("cancelled"));
      return;
    }
    mcpring_call_progress(call, (double)step, (double)steps, mcpring_str_of(NULL));
  }
  snprintf(words, sizeof(words), "counted to %lld", (long long)steps);
  mcpring_call_reply_text(call, mcpring_str_of(words));
}

static void *job_run(void *call) {
  count((mcpring_call *)call);
  job_end();
  return NULL;
}

/* The callback only hands the call on: from mcpring_call_keep on it lives until it is answered. */
static mcpring_status count_later(mcpring_call *call, void *user_data) {
  pthread_t thread;
  (void)user_data;
  if (!job_begin()) return mcpring_call_fail(call, MCPRING_STR("too many are counting already"));
  mcpring_status status = mcpring_call_keep(call);
  if (status) {
    job_end();
    return status;
  }
  if (pthread_create(&thread, NULL, job_run, call) != 0) {
    job_end();
    return mcpring_call_fail(call, MCPRING_STR("no thread to be had"));
  }
  pthread_detach(thread);
  return MCPRING_OK;
}

int main(int argc, char **argv) {
  mcpring_server *server = NULL;
  mcpring_tool tool = MCPRING_TOOL_INIT;
  int code = EXIT_FAILURE;
  tool.name = MCPRING_STR("count");
  tool.description = MCPRING_STR("Counts, and says how far it is.");
  tool.input_schema =
      MCPRING_STR("{\"type\":\"object\",\"required\":[\"steps\",\"ms\"],\"properties\":{"
                  "\"steps\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000},"
                  "\"ms\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":10000}}}");
  tool.execution = MCPRING_RUN_INLINE; /* starting a thread is brief */
  tool.timeout_ms = 60000;
  tool.call = count_later;
  if (options_failed(mcpring_server_new(MCPRING_STR("async"), MCPRING_STR("1.0"), &server), "new"))
    return EXIT_FAILURE;
  if (options_failed(mcpring_server_add_tool(server, &tool), "count"))
    mcpring_server_free(server);
  else
    code = options_serve(server, argc, argv);
  jobs_wait();
  return code;
}
