/* A program with a loop of its own: the server's descriptor stands in it like any other, and the
 * tool runs on the loop's thread. What the loop owns therefore needs no lock.
 */
#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define TICK_MS 10
#define EVENTS_MAX 8

struct host {
  uint64_t ticks;
};

static mcpring_status tell_ticks(mcpring_call *call, void *user_data) {
  const struct host *host = (const struct host *)user_data;
  char words[64];
  snprintf(words, sizeof(words), "%llu ticks so far", (unsigned long long)host->ticks);
  return mcpring_call_reply_text(call, mcpring_str_of(words));
}

static int timer_new(void) {
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  struct itimerspec every = {{0, TICK_MS * 1000000L}, {0, TICK_MS * 1000000L}};
  if (timer >= 0 && timerfd_settime(timer, 0, &every, NULL) != 0) {
    close(timer);
    return -1;
  }
  return timer;
}

static bool watch(int loop, int fd) {
  struct epoll_event event;
  memset(&event, 0, sizeof(event));
  event.events = EPOLLIN;
  event.data.fd = fd;
  return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Until the server has ended, which a signal brings about. */
static bool run_loop(struct host *host, mcpring_server *server, int loop, int timer) {
  for (;;) {
    struct epoll_event events[EVENTS_MAX];
    int ready = epoll_wait(loop, events, EVENTS_MAX, -1);
    if (ready < 0 && errno != EINTR) return false;
    for (int i = 0; i < ready; i++) {
      if (events[i].data.fd == timer) {
        uint64_t passed = 0;
        if (read(timer, &passed, sizeof(passed)) == (ssize_t)sizeof(passed)) host->ticks += passed;
        continue;
      }
      mcpring_status status = mcpring_server_poll(server, 0, NULL);
      if (status == MCPRING_END) return true;
      if (options_failed(status, "poll")) return false;
    }
  }
}

static bool serve(struct host *host, mcpring_server *server) {
  int fd = -1, timer = timer_new(), loop = epoll_create1(EPOLL_CLOEXEC);
  bool is_fine = timer >= 0 && loop >= 0 && watch(loop, timer) &&
                 !options_failed(mcpring_server_start(server), "starting") &&
                 !options_failed(mcpring_server_fd(server, &fd), "descriptor") && watch(loop, fd);
  if (is_fine) {
    options_announce(server);
    is_fine = run_loop(host, server, loop, timer) &&
              !options_failed(mcpring_server_join(server), "serving");
  }
  if (timer >= 0) close(timer);
  if (loop >= 0) close(loop);
  return is_fine;
}

int main(int argc, char **argv) {
  struct host host = {0};
  mcpring_server *server = NULL;
  mcpring_tool tool = MCPRING_TOOL_INIT;
  tool.name = MCPRING_STR("ticks");
  tool.description = MCPRING_STR("Says how often the program's own timer ran.");
  tool.execution = MCPRING_RUN_HOST;
  tool.call = tell_ticks;
  tool.user_data = &host;
  if (options_failed(mcpring_server_new(MCPRING_STR("embed"), MCPRING_STR("1.0"), &server), "new"))
    return EXIT_FAILURE;
  bool is_fine = !options_failed(mcpring_server_add_tool(server, &tool), "ticks") &&
                 options_apply(server, argc, argv) && serve(&host, server);
  mcpring_server_free(server);
  return is_fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
