/* Frames and parses a stream with the building blocks: the C side of `mcpring-bench table --only blocks`.
 *
 *   blocks STREAM ROUNDS
 *
 * STREAM is a file of length-framed messages with MCPRING_PADDING bytes of anything behind them. Prints the
 * nanoseconds of one message, and how many members the last messages have in sum, for the other side to
 * compare. */
#define _POSIX_C_SOURCE 200809L
#include <mcpring.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static char *read_all(const char *path, size_t *bytes) {
  FILE *file = fopen(path, "rb");
  long size;
  char *all;
  if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < MCPRING_PADDING) {
    fprintf(stderr, "blocks: cannot read %s\n", path);
    exit(2);
  }
  rewind(file);
  all = (char *)malloc((size_t)size);
  *bytes = all == NULL ? 0 : fread(all, 1, (size_t)size, file);
  fclose(file);
  return all;
}

static void must(mcpring_status status) {
  if (status != MCPRING_OK) {
    fprintf(stderr, "blocks: %s: %s\n", mcpring_status_name(status), mcpring_last_error().data);
    exit(1);
  }
}

int main(int argc, char **argv) {
  mcpring_frames *frames = NULL;
  mcpring_json *json = NULL;
  mcpring_frame frame;
  mcpring_status status = MCPRING_OK;
  size_t bytes = 0, members = 0, messages = 0, count = 0;
  long rounds = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
  char *stream = rounds > 0 ? read_all(argv[1], &bytes) : NULL;
  mcpring_str chunk;
  double begun;
  if (stream == NULL) {
    fputs("usage: blocks STREAM ROUNDS\n", stderr);
    return 2;
  }
  chunk = mcpring_bytes(stream, bytes - MCPRING_PADDING);
  must(mcpring_frames_new(MCPRING_FRAMING_LENGTH, bytes, &frames));
  must(mcpring_json_new(&json));
  begun = now_ns();
  for (; rounds > 0; rounds--) {
    size_t at = 0;
    while ((status = mcpring_frames_next(frames, chunk, bytes, &at, &frame)) == MCPRING_OK) {
      must(mcpring_json_parse(json, frame.payload, frame.readable));
      messages++;
    }
    if (status != MCPRING_MORE) {
      must(status);
    }
    must(mcpring_json_count(json, 0, &count));
    members += count;
  }
  printf("%.3f %zu\n", (now_ns() - begun) / (double)messages, members);
  must(mcpring_json_free(json));
  must(mcpring_frames_free(frames));
  free(stream);
  return 0;
}
