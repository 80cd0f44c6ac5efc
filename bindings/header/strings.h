/** Absent text, as an initialiser. */
#define MCPRING_ABSENT { NULL, 0 }

/** A string literal as an initialiser: mcpring_str name = MCPRING_STR_INIT("echo"); */
#define MCPRING_STR_INIT(literal) { "" literal, sizeof(literal) - 1 }

/** A string literal as an expression. */
#define MCPRING_STR(literal) mcpring_bytes("" literal, sizeof(literal) - 1)

/** Bytes that stay the caller's. */
static inline mcpring_str mcpring_bytes(const void *data, size_t len) {
  mcpring_str bytes;
  bytes.data = (const char *)data;
  bytes.len = len;
  return bytes;
}

/** Text up to its NUL, which stays the caller's. NULL is absent. */
static inline mcpring_str mcpring_str_of(const char *text) {
  return mcpring_bytes(text, text ? strlen(text) : 0);
}
