/* Two archives from Rust in one program, each with a standard library: both work, panics too. */
#include <mcpring.h>

#include <stdio.h>

uint32_t other_sum(uint32_t end);

int main(void) {
  mcpring_schema *schema = NULL;
  mcpring_status good = mcpring_schema_new(MCPRING_STR("{\"type\":\"object\"}"), &schema);
  mcpring_status bad = mcpring_schema_new(MCPRING_STR("{\"type\":7}"), &schema);
  printf("sums %u %u, statuses %d %d\n", other_sum(5), other_sum(7), good, bad);
  return other_sum(5) != 10 || other_sum(7) != UINT32_MAX || good != MCPRING_OK ||
         bad != MCPRING_ERR_USAGE || mcpring_schema_free(schema) != MCPRING_OK;
}
