/* Many Philox blocks at once are the blocks one by one, on the machine's vector unit and
 * without it. */
#include "core/philox_lanes.h"

#include <string.h>

#include "core/random.h"
#include "support/check.h"

static const uint32_t counters[3][4] = {
    {0, 0, 0, 0},
    {0xffffffc0, 0xffffffff, 0x80000000, 7}, /* goes round in the middle */
    {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
};
static const uint32_t keys[3][2] = {{0, 0}, {0xffffffff, 0xffffffff}, {42, 0x80000001}};

static void lanes_are_single_blocks(void **state) {
  (void)state;
  for (size_t c = 0; c < 3; c++) {
    for (size_t k = 0; k < 3; k++) {
      hr_philox_lanes fast, plain;
      memset(&fast, 0xff, sizeof fast);
      memset(&plain, 0xff, sizeof plain);
      hr_philox_lanes_run(counters[c], keys[k], &fast);
      hr_philox_lanes_run_plain(counters[c], keys[k], &plain);
      assert_memory_equal(&fast, &plain, sizeof fast);
      for (uint32_t i = 0; i < HR_PHILOX_LANES; i++) {
        const uint32_t from[4] = {counters[c][0] + i, counters[c][1], counters[c][2],
                                  counters[c][3]};
        uint32_t one[4];
        hr_philox4x32(from, keys[k], one);
        for (size_t j = 0; j < 4; j++) assert_int_equal(fast.word[j][i], one[j]);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lanes_are_single_blocks)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
