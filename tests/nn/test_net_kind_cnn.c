/* The convolutional network as a kind: what its words tell, and what they cannot. */
#include "nn/net_kind.h"

#include <string.h>

#include "support/check.h"

enum { PIXELS = 20 };

static const hr_net_kind *const kind = &hr_net_kind_cnn;
static const uint64_t good[HR_NET_MOST_WORDS] = {PIXELS, 2, 3, 2, 5, 1, 0, 0, 3, 4};

static void words_come_back(void **state) {
  (void)state;
  uint64_t words[HR_NET_MOST_WORDS] = {0};
  hr_net_design design = {.kind = kind};
  assert_true(kind->read(good, &design));
  kind->write(&design, words);
  assert_memory_equal(words, good, sizeof words);
}

static void what_is_no_network_is_told(void **state) {
  (void)state;
  const uint64_t bad[][2] = {{0, 0}, {0, 3}, {1, 0},          {1, 17},
                             {2, 0}, {3, 0}, {3, 200},        {4, 0},
                             {5, 4}, {9, 0}, {4, UINT64_MAX}, {8, (uint64_t)1 << 40}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    uint64_t words[HR_NET_MOST_WORDS];
    hr_net_design design = {.kind = kind};
    memcpy(words, good, sizeof words);
    words[bad[i][0]] = bad[i][1];
    assert_false(kind->read(words, &design));
  }
}

/* What was trained in bf16 predicts so wherever the processor can, and back ends that are
 * there stay. */
static void the_precision_is_kept(void **state) {
  (void)state;
  uint64_t words[HR_NET_MOST_WORDS] = {0};
  const hr_convolver *bf16 = hr_convolver_bf16(), *fp32 = hr_convolver_fp32();
  const hr_convolver *const convolvers[] = {bf16, fp32, &hr_convolver_reference};
  const hr_convolver *const expected[] = {bf16, fp32, fp32 ? fp32 : convolvers[2]};
  for (size_t i = 0; i < 3; i++) {
    hr_net_design design = {.kind = kind}, again = {.kind = kind};
    if (!convolvers[i]) continue;
    assert_true(kind->read(good, &design));
    design.backend.cnn.convolver = convolvers[i];
    assert_int_equal(kind->is_bf16(&design), convolvers[i] == bf16);
    assert_string_equal(kind->engine(&design), convolvers[i]->name);
    kind->write(&design, words);
    assert_true(kind->read(words, &again));
    assert_ptr_equal(again.backend.cnn.convolver, expected[i]);
    assert_true(kind->read(good, &design));
    assert_ptr_equal(design.backend.cnn.convolver, convolvers[i]);
  }
}

static void a_shape_is_counted(void **state) {
  (void)state;
  hr_error err;
  hr_net *net = NULL;
  hr_net_design design = {.kind = kind};
  assert_true(kind->read(good, &design));
  kind->set_outputs(&design, 3);
  check_ok(kind->check(&design, &err));
  check_ok(kind->create(&design, 4, &net, &err));
  assert_int_equal(net->outputs, 3);
  assert_int_equal(net->parameter_count, kind->parameter_count(&design));
  assert_string_equal(net->type->kind, kind->name);
  assert_true(kind->least_values(&design) >= (double)net->parameter_count);
  assert_true(kind->operations(&design) > 2 * PIXELS);
  assert_true(kind->bytes(&design, 16, true) >= kind->bytes(&design, 16, false));
  assert_true(kind->bytes(&design, 1, false) >
              (double)(net->parameter_count * sizeof(float)));
  net->type->destroy(&net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_come_back),
      cmocka_unit_test(what_is_no_network_is_told),
      cmocka_unit_test(the_precision_is_kept),
      cmocka_unit_test(a_shape_is_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
