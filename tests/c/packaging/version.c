/* Whether header and library are of the version that is named. */
#include <mcpring.h>

#include <stdio.h>

int main(int argc, char **argv) {
  const char *wanted = argc > 1 ? argv[1] : MCPRING_VERSION;
  printf("wanted %s, header %s, library %s\n", wanted, MCPRING_VERSION, mcpring_version_text());
  return strcmp(wanted, MCPRING_VERSION) != 0 || strcmp(wanted, mcpring_version_text()) != 0 ||
         mcpring_version() != MCPRING_VERSION_NUMBER || mcpring_abi() != MCPRING_ABI;
}
